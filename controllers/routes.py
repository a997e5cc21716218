"""What routes of one kind have in common."""

MACHINE = {
    "type": "http",
    "auth": "public",
    "csrf": False,
    "save_session": False,
    "readonly": False,
}
"""Machines call them: who calls is told by the call alone, not by a session."""

FORM_BYTES = 16 * 1024
"""A whole form; each input has a limit of its own."""

FORM = {
    "type": "http",
    "auth": "public",
    "methods": ["GET", "POST"],
    "website": True,
    "sitemap": False,
    "max_content_length": FORM_BYTES,
}
"""Customers fill a form in, by their invoice's link or because they are signed in."""
