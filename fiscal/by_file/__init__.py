"""Exchange by file: tables of documents that go to another program, and of what became
of them there.

- :mod:`.cells`: figures, dates and texts as a file writes them
- :mod:`.reading`, :mod:`.writing`: CSV, XLSX, JSON and XML as rows of texts
- :mod:`.layout`: which column is which field
- :mod:`.catalogue`: the fields there are
- :mod:`.receipts`: documents as values of those fields
- :mod:`.results`: values of those fields as what an authority says
- :mod:`.folder`: a folder of the server, and nothing outside of it
"""
