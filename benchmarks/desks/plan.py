"""Which ids belong to which study, before a row is written."""

from dataclasses import dataclass

from benchmarks.desks.sizes import ACROSS, STUDIES, TILE, Sizes, StudyShape, places


@dataclass(frozen=True)
class StudyPlan:
    """Ids begin at the number given and go on without a gap."""

    id: int
    shape: StudyShape
    tasks: range
    cubes: range
    rounds: range
    """The last one is open."""
    versions: range
    """One a round but the first; the last serves."""
    depth: int
    """Slices of each cube."""

    @property
    def side(self) -> int:
        return ACROSS * TILE

    @property
    def store(self) -> str:
        """Where the voxels of its cubes lie: they all look alike."""
        return f"cubes/bench-{self.depth}/image.zarr"

    @property
    def proposals(self) -> str:
        return f"proposals/bench-{self.depth}"


def plans(sizes: Sizes) -> list[StudyPlan]:
    found: list[StudyPlan] = []
    task = cube = number = version = 1
    left = sizes.tasks
    for at, shape in enumerate(STUDIES, start=1):
        last = at == len(STUDIES)
        count = left if last else round(sizes.tasks * shape.share)
        left -= count
        cubes = max(2, min(shape.cubes, count // 8))
        found.append(
            StudyPlan(
                id=at,
                shape=shape,
                tasks=range(task, task + count),
                cubes=range(cube, cube + cubes),
                rounds=range(number, number + shape.rounds),
                versions=range(version, version + shape.rounds - 1),
                depth=places(count, cubes),
            )
        )
        task, cube = task + count, cube + cubes
        number, version = number + shape.rounds, version + shape.rounds - 1
    return found
