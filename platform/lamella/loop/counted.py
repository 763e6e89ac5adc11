"""What pages show of a study's rows: counted when they ask, or, of large studies, as kept."""

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any

from lamella.annotation.credits import Credits, credits_of
from lamella.cubes.models import Cube
from lamella.loop import counting
from lamella.loop.kept import kept_cubes, kept_of
from lamella.studies.models import Study

NO_TASKS = {"tasks": 0, "agreed": 0, "to_draw": 0}


class Counted:
    """A study's figures, each group counted when it is first asked for.

    Of a large study one query brings all of them, and another those along z.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._kept = kept_of(study)

    @cached_property
    def tasks(self) -> dict[str, Any]:
        """{"all", "agreed", "open", "accepted", "last"}, without gold."""
        return self._kept["tasks"] if self._kept else counting.summed(self.rounds.values())

    @cached_property
    def review(self) -> dict[str, int]:
        """{"waiting", "contested", "doubted"} of the review queue."""
        return self._kept["review"] if self._kept else counting.review_counts(self._study)

    @cached_property
    def rounds(self) -> dict[int, dict[str, Any]]:
        """{round: see `counting.round_counts`}; a round without tasks is missing."""
        if self._kept:
            return {int(pk): counts for pk, counts in self._kept["rounds"].items()}
        return counting.round_counts(self._study)

    @cached_property
    def totals(self) -> dict[str, Any]:
        """Sums over the corrections: see `effort.totals_of`."""
        return self._kept["totals"] if self._kept else counting.totals_of(self._study)

    @cached_property
    def labelled(self) -> dict[int, set[int]]:
        """{cube: slices that came with training labels}"""
        return counting.labelled_slices(self._study)

    def shown(self, cubes: Iterable[Cube]) -> dict[int, int]:
        """{cube: slices that people have seen, or will see}"""
        if self._kept:
            # A cube may have come since.
            return {cube.pk: self._kept["shown"].get(str(cube.pk), 0) for cube in cubes}
        places, blind = self._places
        return counting.shown_in(cubes, places, blind, self.labelled)

    def along(self, cubes: Collection[int]) -> dict[int, tuple[counting.Places, list[float]]]:
        """{cube: ({z: counts of its tasks}, voxels that were expected wrong, slice by slice)}"""
        if self._kept:
            kept = kept_cubes(cubes)
            return {cube: counting.along_from(kept.get(cube)) for cube in cubes}
        expected = self._expected
        return {
            cube: (self._places[0].get(cube, {}), expected.get(str(cube), [])) for cube in cubes
        }

    @cached_property
    def rests(self) -> dict[int, int]:
        """{number of a version: agreed tasks that were drawn over its proposals}"""
        if self._kept:
            return {int(number): tasks for number, tasks in self._kept["rests"].items()}
        return counting.rests_on(self._study)

    @cached_property
    def credits(self) -> Credits:
        """Whom the study thanks."""
        return Credits(**self._kept["credits"]) if self._kept else credits_of(self._study)

    @cached_property
    def _places(self) -> tuple[dict[int, counting.Places], dict[int, int]]:
        return counting.places_of(self._study)

    @cached_property
    def _expected(self) -> dict[str, list[float]]:
        return counting.expected_in(self._study)
