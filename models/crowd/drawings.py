"""Closed lines of many people on many images, agreed on as masks."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from models.config import CrowdConfig, SkillConfig
from models.crowd.aggregator import SHOWN, CrowdMask, CrowdResult
from models.crowd.reading import Outline, Table
from models.crowd.skill import Skill
from models.crowd.skills import SkillSnapshot, Tally
from models.labels import Labels


@dataclass(frozen=True, slots=True, eq=False)
class Agreed:
    """The consensus of one image, by index; classes count from 1 in its mask."""

    image: int
    result: CrowdResult


class Drawings:
    """Consensus of closed lines: `learn` first, then `find`."""

    def __init__(self, table: Table, skill: SkillConfig | None = None) -> None:
        self.table = table
        self.config = skill or SkillConfig()
        self.method = Skill(CrowdConfig(redundancy=10**6, risk=0.0), self.config)
        self.snapshot = SkillSnapshot()
        self._lines: dict[int, dict[int, list[Outline]]] = defaultdict(lambda: defaultdict(list))
        drawn = {outline.image for outline in table.outlines}
        for image, person in table.looks():
            if image in drawn:
                self._lines[image].setdefault(person, [])
        for outline in table.outlines:
            self._lines[outline.image][outline.person].append(outline)

    @property
    def images(self) -> int:
        return len(self._lines)

    def learn(self, progress: Callable[[int], None] = lambda done: None) -> None:
        """Everybody's skill, image after image."""
        skills: dict[str, Tally] = {}
        for done, image in enumerate(sorted(self._lines), 1):
            masks, nothing = self._masks(image)
            judged = self.method.judge(masks, nothing, self.snapshot)
            for name, tally in judged.items():
                before = skills.get(name, Tally())
                skills[name] = before.faded(self.config.forgetting) + tally
            people = {name: tally for name, tally in skills.items() if name != SHOWN}
            shown = skills.get(SHOWN, Tally())
            self.snapshot = SkillSnapshot(self.snapshot.version + 1, people, shown)
            progress(done)

    def find(self, progress: Callable[[int], None] = lambda done: None) -> Iterator[Agreed]:
        """The agreed masks, by the skills that are known by now."""
        for done, image in enumerate(sorted(self._lines), 1):
            masks, nothing = self._masks(image)
            yield Agreed(image, self.method.aggregate(masks, nothing, self.snapshot))
            progress(done)

    def _masks(self, image: int) -> tuple[list[CrowdMask], Labels]:
        lines = self._lines[image]
        shape = self.table.size.get(image) or _extent(lines)
        nothing = np.zeros(shape, dtype=np.uint8 if len(self.table.kinds) < 255 else np.uint16)
        masks = [CrowdMask(str(who), fill(drawn, nothing)) for who, drawn in lines.items()]
        return masks, nothing


def fill(outlines: list[Outline], nothing: Labels) -> Labels:
    """A mask of the insides of closed lines, class + 1; the later drawn wins where they overlap.

    An open line is closed by a straight one, a line that crosses itself encloses what it goes round
    an odd number of times, and what lies outside the image is cut off.
    """
    mask = nothing.astype(np.uint16)
    for outline in outlines:
        points = np.clip(np.array(outline.points), -32_000, 32_000)
        cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], outline.kind + 1)
    return mask.astype(nothing.dtype)


def _extent(lines: dict[int, list[Outline]]) -> tuple[int, int]:
    """Height and width that hold all lines of an image that does not tell its size."""
    points = [p for drawn in lines.values() for outline in drawn for p in outline.points]
    x, y = (min(max(p[axis] for p in points), 16383.0) for axis in (0, 1))
    return int(max(y, 0)) + 1, int(max(x, 0)) + 1
