"""The default: most expected error removed for each expected second of work."""

from models.selection.scored import Scored


class ExpectedError(Scored):
    """Needs scores "expected_error": voxels expected wrong (models.selection.expected_error)."""

    name = "expected_error"
    score = "expected_error"
    words = "most voxels are expected to be wrong here and near it"
