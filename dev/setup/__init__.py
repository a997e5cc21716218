"""What dev/run, dev/test and the other commands set up and share.

Everything that is fetched or made lies in the cache (see ``cache.py``), never in the
checkout. Modules up to ``bootstrap`` need nothing but Python's standard library; the
others run in the virtual environment that ``bootstrap`` makes.
"""
