"""One cube at a glance: quality over the rounds, its strip along z, labels and exports."""

from dataclasses import dataclass

from lamella.cubes.models import Cube, Labels, LabelsRole, VolumeState
from lamella.exchange.models import Export
from lamella.loop.counted import Counted
from lamella.loop.strip import Strip, strip_of
from lamella.rounds.models import Certificate, Task
from lamella.studies.models import Study


@dataclass(frozen=True)
class CubePage:
    cube: Cube
    strip: Strip | None
    certificates: list[Certificate]
    labels: list[Labels]
    exports: list[Export]
    shown: int


def labelled_in(cube: Cube, labels: list[Labels]) -> set[int]:
    """Slices that came with training labels."""
    found: set[int] = set()
    for one in labels:
        if one.role == LabelsRole.TRAINING and one.state == VolumeState.READY:
            found.update(range(cube.depth) if one.slices is None else one.slices)
    return found


@dataclass(frozen=True)
class SliceHere:
    """One slice of a cube: its tasks, newest first."""

    z: int
    tasks: list[Task]


def of_cube(cube: Cube, now: Counted | None = None) -> CubePage:
    """Eight queries."""
    now = now or Counted(cube.study)
    labels = list(cube.labels.all())
    # One cube's are at hand; the study's other cubes are not asked for.
    now.labelled = {cube.pk: labelled_in(cube, labels)}
    ready = cube.state == VolumeState.READY
    return CubePage(
        cube=cube,
        strip=strip_of(cube, *now.along([cube.pk])[cube.pk], labelled=now.labelled[cube.pk])
        if ready
        else None,
        certificates=list(
            cube.certificates.select_related("round", "proposal__model_version").defer(
                "round__selection", "round__figures"
            )
        ),
        labels=labels,
        exports=list(cube.exports.all()[:20]),
        shown=now.shown([cube])[cube.pk],
    )


def slice_of(cube: Cube, wanted: int) -> SliceHere:
    """The slice asked for, or the nearest there is."""
    z = min(max(wanted, 0), cube.depth - 1)
    tasks = (
        cube.tasks.filter(z=z)
        .exclude(kind=Task.Kind.GOLD)
        .select_related("round")
        .defer("round__selection", "round__figures", "planted")
        .order_by("-round__number", "y0", "x0")
    )
    return SliceHere(z=z, tasks=list(tasks[:50]))


@dataclass(frozen=True)
class CubeRow:
    cube: Cube
    certificate: Certificate | None
    shown: int

    @property
    def middle(self) -> int:
        return self.cube.depth // 2


def rows_of(study: Study) -> list[CubeRow]:
    """Every cube of a study with its newest certificate. Five queries at most."""
    cubes = list(study.cubes.all())
    shown = Counted(study).shown(cubes)
    newest: dict[int, Certificate] = {}
    for certificate in Certificate.objects.filter(cube__study=study).order_by("pk"):
        newest[certificate.cube_id] = certificate
    return [
        CubeRow(
            cube=cube,
            certificate=newest.get(cube.pk),
            shown=shown[cube.pk],
        )
        for cube in cubes
    ]
