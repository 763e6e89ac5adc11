"""What the loop refuses, in words for people."""


class LoopError(Exception):
    """The loop cannot do what was asked; the text says why in one sentence."""


class UnderWayError(LoopError):
    """A training run waits or runs already."""
