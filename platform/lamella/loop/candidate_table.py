"""All that a round could choose from, as columns: kept with the round, a file of numbers.

A cube of large slices has hundreds of thousands of tiles, too many for a field that is read
whenever somebody looks at the round.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.loop.candidates import Candidate
from lamella.rounds.models import Candidates, Round

_SCORE = "score "
"""Before the name of a score, so that it is no other column's."""


@dataclass(frozen=True, slots=True, eq=False)
class CandidateTable:
    """One row a candidate.

    place: (N, 6) int64: cube, z, y0, x0, height, width; scores: (N,) float32 by name, NaN where not
    known; labelled, doubt: (N,) float64, voxels; stratum: (N,) int64, -1 where people had agreed.
    """

    place: NDArray[np.int64]
    scores: Mapping[str, NDArray[np.float32]]
    labelled: NDArray[np.float64]
    doubt: NDArray[np.float64]
    stratum: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.place)

    def auditable(self, cube: int) -> NDArray[np.int64]:
        """Rows of a cube that its round's audit could have drawn."""
        return np.flatnonzero((self.place[:, 0] == cube) & (self.stratum >= 0))

    def pack(self) -> bytes:
        """The columns as a compressed .npz."""
        columns: dict[str, NDArray[Any]] = {
            "place": self.place,
            "labelled": self.labelled,
            "doubt": self.doubt,
            "stratum": self.stratum,
            **{_SCORE + name: values for name, values in self.scores.items()},
        }
        target = io.BytesIO()
        np.savez_compressed(target, allow_pickle=False, **columns)
        return target.getvalue()

    @classmethod
    def unpack(cls, packed: bytes) -> "CandidateTable":
        """Raises ValueError where it is none."""
        try:
            with np.load(io.BytesIO(packed), allow_pickle=False) as found:
                scores = {
                    name.removeprefix(_SCORE): found[name]
                    for name in found.files
                    if name.startswith(_SCORE)
                }
                own = {name: found[name] for name in ("place", "labelled", "doubt", "stratum")}
        except (EOFError, KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"These are no candidates of a round: {error}.") from error
        return cls(scores=scores, **own)

    @classmethod
    def of(cls, candidates: Sequence[Candidate]) -> "CandidateTable":
        regions = [(c.cube_id, c.region) for c in candidates]
        names = sorted({name for c in candidates for name in c.scores})
        return cls(
            place=np.array(
                [(k, at.z, at.y0, at.x0, at.height, at.width) for k, at in regions], dtype=np.int64
            ).reshape(-1, 6),
            scores={
                name: np.array([c.scores.get(name, np.nan) for c in candidates], dtype=np.float32)
                for name in names
            },
            labelled=np.array([c.labelled for c in candidates], dtype=np.float64),
            doubt=np.array([c.doubt for c in candidates], dtype=np.float64),
            stratum=np.array([c.stratum for c in candidates], dtype=np.int64),
        )


def table_of(opened: Round) -> CandidateTable | None:
    """What a round was chosen from; None where that was not kept."""
    row = Candidates.objects.filter(round=opened).first()
    return None if row is None else CandidateTable.unpack(bytes(row.table))
