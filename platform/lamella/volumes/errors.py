"""What goes wrong with stored volumes."""


class StoreError(ValueError):
    """A volume cannot be read or written; the text names it and the fault in one sentence."""
