"""What goes wrong with stored volumes."""


class SourceError(ValueError):
    """A file, folder or address cannot be brought in; the text says why in one sentence."""


class StoreError(ValueError):
    """A volume cannot be read or written; the text names it and the fault in one sentence."""
