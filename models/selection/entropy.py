"""Where the model itself is undecided."""

from models.selection.scored import Scored


class Entropy(Scored):
    """Needs scores "entropy": mean entropy of the predicted probabilities."""

    name = "entropy"
    score = "entropy"
    words = "the model is undecided there"
