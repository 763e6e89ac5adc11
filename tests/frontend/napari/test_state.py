"""The steps of the dock, without a dock."""

from napari_lamella.client import Client
from napari_lamella.records import Study
from napari_lamella.state import State, cube_line
from tests.frontend.napari.fake_server import FakeServer


def opened(dana: Client) -> State:
    state = State().connected(dana, dana.studies())
    state = state.listed("liver", dana.cubes("liver"))
    assert state.cube is not None
    return state.opened_cube(state.cube)


def test_connecting_chooses_the_first_study(dana: Client) -> None:
    state = State().connected(dana, dana.studies())
    assert state.study is not None
    assert state.study.slug == "liver"
    assert not state.can_open


def test_the_first_ready_cube_is_chosen(dana: Client) -> None:
    state = State().connected(dana, dana.studies()).listed("liver", dana.cubes("liver"))
    assert state.cube is not None
    assert state.cube.name == "liver-3"
    assert state.can_open
    assert not state.chose_cube("2").can_open


def test_cubes_that_arrive_too_late_are_ignored(dana: Client) -> None:
    state = State().connected(dana, dana.studies()).chose_study("embryo")
    assert state.listed("liver", dana.cubes("liver")).cubes == ()


def test_connecting_again_keeps_what_was_chosen_and_opened(dana: Client) -> None:
    state = opened(dana).chose_study("embryo").connected(dana, dana.studies())
    assert state.study is not None
    assert state.study.slug == "embryo"
    assert state.opened is not None
    assert state.why_not_send == ""


def test_another_server_forgets_what_was_opened(dana: Client) -> None:
    other = Client("https://lamella.example.org", "t")
    state = opened(dana).connected(other, [])
    assert state.opened is None
    assert state.why_not_send == "Open a cube first."


def test_a_copy_starts_from_what_the_server_has(dana: Client, server: FakeServer) -> None:
    assert list(opened(dana).copy_sources) == ["proposal", "nothing (empty)"]
    server.extra = {"consensus": "/api/v1/cubes/1/zarr/labels"}
    assert list(opened(dana).copy_sources) == ["consensus", "proposal", "nothing (empty)"]
    assert State().copy_sources == {}


def test_charlie_may_look_but_not_send(dana: Client, server: FakeServer) -> None:
    server.role = "volunteer"
    assert opened(dana).why_not_send == "Only managers of the study can send labels."


def test_the_role_counts_in_the_study_of_the_opened_cube(dana: Client) -> None:
    assert opened(dana).chose_study("embryo").why_not_send == ""


def test_a_cube_is_described_in_one_line(dana: Client) -> None:
    first, second = dana.cubes("liver")
    assert cube_line(first) == "liver-3 — 6 × 128 × 192, voxel 50 × 4 × 4 nanometer"
    assert cube_line(second) == "liver-4 — ingesting"


def test_an_administrator_may_send() -> None:
    assert Study("s", "S", "", "open", "admin").may_send
