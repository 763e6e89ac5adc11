"""What a strategy that knew the truth would do; in simulation only, as the bound for all others."""

from models.selection.scored import Scored


class Oracle(Scored):
    """Needs scores "error": the true number or share of wrong voxels."""

    name = "oracle"
    score = "error"
    words = "most voxels are wrong there"
