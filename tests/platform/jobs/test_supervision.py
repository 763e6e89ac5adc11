import configparser
import logging
import shlex
import socket
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils.module_loading import import_string

from lamella.jobs import supervision
from lamella.jobs.management.commands import scheduler, supervise


def test_paths_with_percent_signs_and_spaces_survive_the_configuration(tmp_path: Path) -> None:
    root = tmp_path / "100% of it"
    programs = supervision.programs(root, host="127.0.0.1", port=1, web_workers=2, threads=3)
    text = supervision.configuration(programs, root=root, logs=root / "logs")
    parser = configparser.ConfigParser()  # undoes %% as supervisord does
    parser.read_string(text)
    assert parser["group:lamella"]["programs"] == "web,worker-light,worker-heavy,scheduler"
    assert parser["supervisord"]["directory"] == str(root)
    for program in programs:
        section = parser[f"program:{program.name}"]
        words = tuple(shlex.split(section["command"]))
        assert words[1:3] == ("-m", "lamella.jobs.tied")
        assert words[3:] == program.command
        log = section["stdout_logfile"].replace("%%", "%")  # which it does twice here
        assert log == str(root / "logs" / f"{program.name}.log")


def test_the_heavy_worker_may_use_every_core_and_the_others_one(tmp_path: Path) -> None:
    programs = supervision.programs(tmp_path, host="h", port=1, web_workers=1, threads=1)
    one = {program.name for program in programs if "OMP_NUM_THREADS" in program.environment}
    assert one == {"web", "worker-light", "scheduler"}
    assert supervision.environment(tmp_path)["OMP_WAIT_POLICY"] == "passive"


def test_a_second_supervisor_on_the_same_data_folder_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(CommandError, match="running already")
    with supervise._alone(tmp_path), refused, supervise._alone(tmp_path):
        pytest.fail("two at once")
    with supervise._alone(tmp_path):
        pass


def test_a_port_in_use_is_found_before_anything_is_started() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port}"):
            supervise._check_port("127.0.0.1", port)
    supervise._check_port("127.0.0.1", port)


calls: list[str] = []


def breaks() -> None:
    raise ZeroDivisionError


def works() -> None:
    calls.append("works")


@pytest.mark.django_db
def test_one_periodic_call_that_fails_keeps_no_other_from_its_turn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(scheduler, "import_string", {"a": breaks, "b": works}.__getitem__)
    monkeypatch.setattr(settings, "PERIODIC", ["a", "b"])
    monkeypatch.setattr(settings, "HOURLY", [])
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    with caplog.at_level(logging.ERROR):
        call_command("scheduler", "--once")
    assert calls == ["works"]
    assert "a failed" in caplog.text
    assert (tmp_path / "scheduler.beat").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*settings.PERIODIC, *settings.HOURLY])
def test_everything_that_settings_name_as_periodic_can_be_called(path: str) -> None:
    import_string(path)()
