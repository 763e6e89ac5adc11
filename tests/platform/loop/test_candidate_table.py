"""What a round was chosen from is kept apart from it, in full."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.loop.candidate_table import CandidateTable, table_of
from lamella.loop.candidates import Candidate
from lamella.rounds.models import Round
from lamella.rounds.services import open_round
from lamella.volumes.geometry import Region
from tests.factories import make_round, make_study

NUMBERS = st.floats(0, 1, width=32)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        cube_id=st.integers(1, 3),
        region=st.builds(
            Region,
            st.integers(0, 2000),
            st.integers(0, 8000),
            st.integers(0, 8000),
            st.integers(1, 512),
            st.integers(1, 512),
        ),
        scores=st.dictionaries(st.sampled_from(["entropy", "doubt", "place"]), NUMBERS),
        labelled=NUMBERS,
        doubt=NUMBERS,
        stratum=st.integers(-1, 2),
    ),
    max_size=12,
)


@given(CANDIDATES)
def test_a_table_comes_back_as_it_was(candidates: list[Candidate]) -> None:
    table = CandidateTable.unpack(CandidateTable.of(candidates).pack())
    assert len(table) == len(candidates)
    for i, candidate in enumerate(candidates):
        at = candidate.region
        assert table.place[i].tolist() == [
            candidate.cube_id, at.z, at.y0, at.x0, at.height, at.width
        ]  # fmt: skip
        known = {n: float(v[i]) for n, v in table.scores.items() if np.isfinite(v[i])}
        assert known == candidate.scores
        assert (table.labelled[i], table.doubt[i]) == (candidate.labelled, candidate.doubt)
    for cube in (1, 2, 3):
        assert table.auditable(cube).tolist() == [
            i for i, c in enumerate(candidates) if c.cube_id == cube and c.stratum >= 0
        ]


@pytest.mark.parametrize("packed", [b"", b"nonsense", CandidateTable.of([]).pack()[:-30]])
def test_a_damaged_table_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="no candidates of a round"):
        CandidateTable.unpack(packed)


def test_a_hundred_thousand_tiles_take_little_room() -> None:
    rng = np.random.default_rng(0)
    count = 100_000
    table = CandidateTable(
        place=np.stack(
            [
                np.full(count, 1),
                *np.indices((100, 25, 40)).reshape(3, -1),
                *[np.full(count, 512)] * 2,
            ],
            axis=1,
        ),
        scores={name: rng.random(count, dtype=np.float32) for name in "abcdefghij"},
        labelled=np.zeros(count),
        doubt=rng.random(count),
        stratum=np.zeros(count, dtype=np.int64),
    )
    assert len(table.pack()) < 60 * count


@pytest.mark.django_db
def test_a_round_keeps_what_it_was_chosen_from() -> None:
    study = make_study()
    found = [Candidate(1, Region(4, 0, 0, 8, 8), {"entropy": 0.5}, 3.0, 1.0, stratum=0)]
    opened = open_round(
        study, number=1, strategy="random", seed=1, chosen=[], proposals={}, selection={},
        candidates=CandidateTable.of(found).pack(),
    )  # fmt: skip
    table = table_of(Round.objects.get(pk=opened.pk))
    assert table is not None
    assert table.place.tolist() == [[1, 4, 0, 0, 8, 8]]
    assert table_of(make_round(make_study(slug="other"))) is None
