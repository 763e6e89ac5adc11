"""What pages show of a study's rows: counted when they ask, or, of large studies, as kept."""

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, JSONField, OuterRef, Subquery, When
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce

from lamella.annotation.credits import Credits, credits_of
from lamella.cubes.models import Cube
from lamella.jobs.selectors import failed_jobs
from lamella.learning.models import TrainingRun
from lamella.loop import counting
from lamella.loop.effort import totals_of
from lamella.loop.kept import kept_cubes, kept_of
from lamella.loop.models import Figures
from lamella.rounds.models import Round
from lamella.studies.models import Study

NO_TASKS = {"tasks": 0, "agreed": 0, "to_draw": 0}


class Counted:
    """A study's figures, each group counted when it is first asked for.

    Of a large study one query brings all of them, and another those along z.
    """

    def __init__(self, study: Study, figures: Mapping[str, Figures] | None = None) -> None:
        """``figures``: `kept.figures_of` the study, with "study" among them, if read already."""
        self._study = study
        if figures is None:
            self._kept = kept_of(study)
        else:
            self._kept = figures["study"].value if "study" in figures else None

    @cached_property
    def tasks(self) -> dict[str, Any]:
        """{"all", "agreed", "open", "accepted", "last"}, without gold."""
        return self._kept["tasks"] if self._kept else counting.summed(self.rounds.values())

    @cached_property
    def review(self) -> dict[str, int]:
        """{"waiting", "contested", "doubted", "remarked"} of the review queue."""
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
        return self._kept["totals"] if self._kept else totals_of(self._study)

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
    def rests(self) -> dict[int, dict[int, int]]:
        """{number of a version: {cube: agreed tasks that were drawn over its proposals}}"""
        # Figures kept by an older version do not tell it.
        if not self._kept or "resting" not in self._kept:
            return counting.rests_on(self._study)
        return {
            int(number): {int(cube): tasks for cube, tasks in cubes.items()}
            for number, cubes in self._kept["resting"].items()
        }

    @cached_property
    def credits(self) -> Credits:
        """Whom the study thanks."""
        return Credits(**self._kept["credits"]) if self._kept else credits_of(self._study)

    @cached_property
    def _places(self) -> tuple[dict[int, counting.Places], dict[int, int]]:
        return counting.places_of(self._study)

    @cached_property
    def listed(self) -> list[Round]:
        """The rounds, the oldest first, without what they were chosen from, which may be large."""
        rounds = self._study.rounds.defer("selection").order_by("number")
        if not self._kept:
            # The newest one's expected errors come along.
            newest = self._study.rounds.order_by("-number").values("number")[:1]
            expected = KeyTransform("expected_voxels", "selection")
            rounds = rounds.annotate(
                expected=Case(
                    When(number=Subquery(newest), then=expected), output_field=JSONField()
                )
            )
        return list(rounds)

    @cached_property
    def states(self) -> dict[str, Any]:
        """{"run", "run_state", "version_state": of the newest run, "failed": jobs of a week}"""
        return states_of(self._study)

    @property
    def _expected(self) -> dict[str, list[float]]:
        return dict((vars(self.listed[-1])["expected"] or {}) if self.listed else {})


def states_of(study: Study) -> dict[str, Any]:
    """What `Counted.states` holds. One query."""
    runs = TrainingRun.objects.filter(study=OuterRef("pk")).order_by("-pk")
    failed = (
        failed_jobs(study.slug)
        .order_by()
        .values("scope")
        .annotate(count=Count("pk"))
        .values("count")
    )
    found = (
        Study.objects.filter(pk=study.pk)
        .annotate(
            run=Subquery(runs.values("pk")[:1]),
            run_state=Subquery(runs.values("state")[:1]),
            version_state=Subquery(runs.values("model_version__state")[:1]),
            failed=Coalesce(Subquery(failed), 0),
        )
        .values("run", "run_state", "version_state", "failed")
        .get()
    )
    return dict(found)
