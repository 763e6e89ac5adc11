"""The blind audit of a round: which tiles are drawn from nothing, and with what chance.

Blind masks are held back for good: nothing trains on them, chooses by them or proposes from them
(consensus.known leaves them out), so every one ever drawn may certify the mask of today.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.cubes.models import Cube
from lamella.learning.models import Proposal
from lamella.learning.proposals import read_scores
from lamella.rounds.models import Round, Task
from lamella.rounds.services import Chosen
from lamella.studies.models import Study
from lamella.studies.policy import config_of
from lamella.volumes.geometry import Region
from models.config import BlindConfig
from models.selection.blind import chances, grid, permanent_numbers, sizes
from models.selection.candidates import score_boxes

RECORD = "blind"
"""Where a round's selection keeps it: {"share", "chances": {cube: packed float32}}."""


@dataclass(frozen=True)
class TileGrid:
    """The tiles of a cube, slice by slice, in reading order.

    boxes (T, 4): y0, x0, height, width of a slice's tiles; depth: slices.
    """

    boxes: NDArray[np.int64]
    depth: int

    @property
    def area(self) -> NDArray[np.float64]:
        """(depth * T,) pixels of every tile."""
        return np.tile((self.boxes[:, 2] * self.boxes[:, 3]).astype(np.float64), self.depth)

    @property
    def z(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(self.depth), len(self.boxes))

    def region(self, index: int) -> Region:
        z, tile = divmod(index, len(self.boxes))
        return Region(z, *(int(v) for v in self.boxes[tile]))

    def index(self, z: int, y0: int, x0: int) -> int | None:
        """The tile that begins there; None where the grid has none."""
        found = np.flatnonzero((self.boxes[:, 0] == y0) & (self.boxes[:, 1] == x0))
        return int(z * len(self.boxes) + found[0]) if len(found) else None


def grid_of(cube: Cube, config: BlindConfig) -> TileGrid:
    depth, height, width = cube.shape
    rows, columns = grid((depth, height, width), config)
    boxes = [
        (y0, x0, y1 - y0, x1 - x0) for y0, y1 in pairwise(rows) for x0, x1 in pairwise(columns)
    ]
    return TileGrid(np.array(boxes, dtype=np.int64), depth)


def draw_blind(
    study: Study,
    cubes: Sequence[Cube],
    proposals: Mapping[int, Proposal],
    *,
    due: bool = False,
) -> tuple[list[Chosen], dict[str, Any]]:
    """The tiles to draw from nothing in the round that is opened now, and what to keep of it.

    due: whether it is time for the planned share (see reach.py), which must not be told from blind
    masks. Tiles audited in earlier rounds are not asked for again, and as long as some of
    them wait for somebody to draw them no more are added.
    """
    config = config_of(study, BlindConfig, "blind")
    last = last_record(study)
    if Task.objects.filter(study=study, blind=True, state=Task.State.OPEN).exists():
        return [], last
    share = share_by_now(float(last.get("share", 0.0)), study.audit_share, config, due)
    if share <= 0 or not proposals:
        return [], last
    chosen: list[Chosen] = []
    kept: dict[str, str] = dict(last.get("chances", {}))
    asked = set(
        Task.objects.filter(study=study, blind=True).values_list("cube_id", "z", "y0", "x0")
    )
    for cube in cubes:
        if cube.pk not in proposals:
            continue
        tiles = grid_of(cube, config)
        before = unpack(kept.get(str(cube.pk), ""), len(tiles.z))
        size = sizes(_doubt(proposals[cube.pk], tiles), tiles.area, config)
        chance = chances(size, tiles.area, share, before)
        # As it is kept, so that the draw and the certificate use the same number.
        chance = chance.astype(np.float32).astype(np.float64)
        kept[str(cube.pk)] = pack(chance)
        for index in np.flatnonzero(permanent_numbers(tiles.z, seed_of(study, cube)) < chance):
            region = tiles.region(int(index))
            if (cube.pk, region.z, region.y0, region.x0) not in asked:
                chosen.append(
                    Chosen(
                        cube_id=cube.pk,
                        region=region,
                        kind=Task.Kind.AUDIT,
                        reason="drawn at random, to certify: from nothing",
                        inclusion=float(chance[index]),
                        blind=True,
                    )
                )
    return chosen, {"share": share, "chances": kept}


def share_by_now(before: float, audit_share: float, config: BlindConfig, due: bool) -> float:
    """Share of the area that is to be audited blind by the end of the round that is opened now.

    before: the same of the round before; audit_share: of the area, blind or not, a round.
    """
    usual = audit_share * config.share
    if not due:
        return before + usual * config.early
    # Without audits of its own a study asks for none in haste either.
    hurried = config.planned / config.last_rounds if usual > 0 else 0.0
    return max(before + usual, min(before + hurried, config.planned))


def last_record(study: Study) -> dict[str, Any]:
    """What the newest round kept of the blind audit; empty before there is any."""
    newest = study.rounds.order_by("-number").values_list("selection", flat=True).first()
    return dict((newest or {}).get(RECORD, {}))


def chances_of(opened: Round, cube: Cube, tiles: TileGrid) -> NDArray[np.float64] | None:
    """(N,) every tile's chance of having been audited by the end of a round; None without."""
    packed = opened.selection.get(RECORD, {}).get("chances", {}).get(str(cube.pk))
    return None if packed is None else unpack(packed, len(tiles.z))


def pack(values: NDArray[np.float64]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def unpack(packed: str, count: int) -> NDArray[np.float64]:
    """(count,) numbers; zeros where nothing was kept, or for another grid."""
    values = np.frombuffer(base64.b64decode(packed), dtype="<f4").astype(np.float64)
    return values if len(values) == count else np.zeros(count)


def seed_of(study: Study, cube: Cube) -> int:
    """The seed of a cube's permanent numbers: never changes."""
    return int(study.settings.get("seed", 0)) * 1_000_003 + cube.pk


def _doubt(proposal: Proposal, tiles: TileGrid) -> NDArray[np.float64]:
    """(N,) voxels of each tile that the proposal is not sure of; zeros where it keeps no doubt."""
    found = read_scores(proposal, only=["doubt"]).get("doubt")
    if found is None:
        return np.zeros(len(tiles.z))
    maps, patch = found
    shares = [score_boxes(plane, patch, tiles.boxes) for plane in maps]
    return np.nan_to_num(np.concatenate(shares)) * tiles.area
