class Said(str):
    """A sentence in somebody's language, with what it was made of: a row that keeps
    it keeps that too, and says it to each reader in his own.

    :ivar kept: ``{"message": …, "values": …}``, the English sentence and its places
    """

    __slots__ = ("kept",)

    def __new__(cls, text, kept):
        said = super().__new__(cls, text)
        said.kept = kept
        return said

    @staticmethod
    def source(text):
        """Return what a text was made of, False where that is not known."""
        return text.kept if isinstance(text, Said) else False
