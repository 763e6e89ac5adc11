"""How much of everything the large database holds, and how it is spread over studies."""

from dataclasses import dataclass

TILE = 512
"""Side of a task in pixels."""
ACROSS = 4
"""Tiles along each side of a slice."""
DAYS = 400
"""Over which the work was done."""


@dataclass(frozen=True)
class Sizes:
    """Rows at full size; ``scaled`` keeps their proportions."""

    tasks: int = 1_000_000
    corrections: int = 3_000_000
    volunteers: int = 20_000

    def scaled(self, share: float) -> "Sizes":
        """So large a share of it all, with a few rows of everything at least."""
        return Sizes(
            tasks=max(360, round(self.tasks * share)),
            corrections=max(1080, round(self.corrections * share)),
            volunteers=max(40, round(self.volunteers * share)),
        )


@dataclass(frozen=True)
class StudyShape:
    """A study: its share of all tasks, how many cubes and rounds, and who may come."""

    slug: str
    title: str
    share: float
    cubes: int
    rounds: int
    public: bool = True
    anonymous: bool = False
    members: float = 0.02
    """Share of all volunteers who are members."""


STUDIES = (
    StudyShape("liver", "Liver, lipid droplets", 0.60, 40, 20, anonymous=True, members=0.15),
    StudyShape("hippocampus", "Hippocampus, synapses", 0.16, 16, 14, members=0.05),
    StudyShape("kidney", "Kidney, tubules", 0.09, 9, 10, public=False, members=0.04),
    StudyShape("galaxies", "Galaxies, spiral arms", 0.06, 8, 9, anonymous=True),
    StudyShape("tumour", "Brain tumour, its parts", 0.04, 6, 6, public=False),
    StudyShape("roots", "Roots in soil", 0.03, 5, 5),
    StudyShape("retina", "Retina, vessels", 0.01, 4, 4),
    StudyShape("yeast", "Yeast, vacuoles", 0.01, 3, 3),
)
LARGEST = STUDIES[0].slug


def places(tasks: int, cubes: int) -> int:
    """Slices that each of so many cubes needs, so that no two tasks lie on one place."""
    return max(24, -(-5 * tasks // (4 * cubes * ACROSS * ACROSS)))
