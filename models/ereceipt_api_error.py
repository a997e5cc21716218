from odoo.exceptions import UserError


class ItemError(Exception):
    """What is wrong with one of the things that a call names; the others go on.

    :ivar code: what a program reads; ``docs/api.md`` lists them
    :ivar message: what a person reads
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message

    def told(self):
        """Return it as the answer shows it."""
        return {"code": self.code, "message": self.message}


class ApiError(UserError):
    """What is wrong with a call as a whole: it did nothing.

    JSON-2 answers HTTP 422; the code is in the answer's ``context``.
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.context = {"code": code}
