"""What the dock shows: the server, what is chosen there, and what may be done. No Qt."""

from dataclasses import dataclass, replace

from napari_lamella.client import Client
from napari_lamella.records import Cube, Study


@dataclass(frozen=True)
class State:
    """One moment of the dock; each step makes a new one.

    study and cube are the chosen ones; opened is the cube whose layers are in the viewer, and
    opened_in its study, for another may be chosen meanwhile.
    """

    client: Client | None = None
    studies: tuple[Study, ...] = ()
    study: Study | None = None
    cubes: tuple[Cube, ...] = ()
    cube: Cube | None = None
    opened: Cube | None = None
    opened_in: Study | None = None

    def connected(self, client: Client, studies: list[Study]) -> "State":
        """A server answered. The study that was chosen stays chosen if it is still there."""
        known = {study.slug: study for study in studies}
        chosen = known.get(self.study.slug) if self.study else None
        state = State(
            client=client,
            studies=tuple(studies),
            study=chosen or (studies[0] if studies else None),
        )
        if self.client is None or self.client.server != client.server or self.opened_in is None:
            return state
        return replace(state, opened=self.opened, opened_in=known.get(self.opened_in.slug))

    def chose_study(self, slug: str) -> "State":
        study = next((s for s in self.studies if s.slug == slug), None)
        return replace(self, study=study, cubes=(), cube=None)

    def listed(self, slug: str, cubes: list[Cube]) -> "State":
        """Cubes arrived; those of a study that is no longer chosen are ignored."""
        if self.study is None or self.study.slug != slug:
            return self
        chosen = self.cube.id if self.cube else ""
        cube = next((c for c in cubes if c.id == chosen), None)
        cube = cube or next((c for c in cubes if c.ready), None)
        return replace(self, cubes=tuple(cubes), cube=cube)

    def chose_cube(self, cube_id: str) -> "State":
        return replace(self, cube=next((c for c in self.cubes if c.id == cube_id), None))

    def opened_cube(self, cube: Cube) -> "State":
        return replace(self, opened=cube, opened_in=self.study)

    @property
    def can_open(self) -> bool:
        return self.client is not None and self.cube is not None and self.cube.ready

    @property
    def copy_sources(self) -> dict[str, str | None]:
        """What a copy to edit can start from: its name in the dock, and its address."""
        if self.opened is None:
            return {}
        sources: dict[str, str | None] = {}
        if self.opened.consensus is not None:
            sources["consensus"] = self.opened.consensus
        if self.opened.proposal is not None:
            sources["proposal"] = self.opened.proposal
        return sources | {"nothing (empty)": None}

    @property
    def why_not_send(self) -> str:
        """The sentence that says why labels cannot be sent now; empty if they can."""
        if self.client is None or self.opened is None:
            return "Open a cube first."
        if self.opened_in is None or not self.opened_in.may_send:
            return "Only managers of the study can send labels."
        return ""


def cube_line(cube: Cube) -> str:
    """A cube in the list: name, size, voxel size; or its state where it cannot be opened."""
    if not cube.ready:
        return f"{cube.name} — {cube.state}"
    shape = " × ".join(str(size) for size in cube.shape)
    voxel = " × ".join(f"{size:g}" for size in cube.voxel_size)
    return f"{cube.name} — {shape}, voxel {voxel} {cube.unit or 'px'}"
