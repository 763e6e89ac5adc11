"""What people are told of a score."""

from models.selection.scored import told


def test_a_tiny_score_is_not_told_in_powers_of_ten() -> None:
    assert [told(score) for score in (8.39e-5, 0.0, 0.0824, 12.34)] == [
        "<0.001",
        "0",
        "0.0824",
        "12.3",
    ]
