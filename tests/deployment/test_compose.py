"""docker-compose.yml, Dockerfile and .env.example against the specification and the code."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.core.management import get_commands
from jsonschema import Draft7Validator

from tests.deployment import compose
from tests.processes import ROOT

ONE_SHOT = {"migrate", "bucket"}


def test_the_compose_file_follows_the_compose_specification() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    errors = [error.message for error in Draft7Validator(schema).iter_errors(compose.compose())]
    assert errors == []


def test_the_schema_would_find_a_mistake() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    wrong = {"services": {"web": {"image": "x", "depends_one": ["y"]}}}
    assert not Draft7Validator(schema).is_valid(wrong)


def test_all_the_parts_of_a_deployment_are_there() -> None:
    assert set(compose.services()) == {
        *("proxy", "migrate", "web", "worker-light", "worker-cpu", "worker-gpu", "scheduler"),
        *("postgres", "redis", "minio", "bucket"),
    }
    gpu = compose.services()["worker-gpu"]
    assert gpu["profiles"] == ["gpu"]
    devices = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert devices == [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, it in compose.services().items() if "ports" in it] == ["proxy"]


def test_every_variable_given_to_lamella_is_read_by_its_settings() -> None:
    code = "".join(path.read_text() for path in (ROOT / "platform/lamella").rglob("*.py"))
    read = set(re.findall(r"""env(?:iron\.get)?(?:\.\w+)?\(\s*"(\w+)\"""", code))
    for name, service in compose.own().items():
        unknown = set(service["environment"]) - read
        assert not unknown, f"{name}: {unknown}"


def test_the_example_names_every_variable_of_the_compose_file_and_no_other() -> None:
    used = {match["name"] for match in compose._VARIABLE.finditer(compose.text()) if match["name"]}
    assert used | {"COMPOSE_PROFILES"} == set(compose.example())


@pytest.mark.parametrize(
    "secret", ["LAMELLA_SECRET_KEY", "POSTGRES_PASSWORD", "STORE_SECRET_KEY", "LAMELLA_DOMAIN"]
)
def test_what_must_be_set_is_asked_for_and_has_no_default(secret: str) -> None:
    variables = dict.fromkeys(compose.example(), "x") | {secret: ""}
    with pytest.raises(ValueError, match=f"Set {secret} in .env"):
        compose.filled_in(variables)
    if secret != "LAMELLA_DOMAIN":
        assert compose.example()[secret] == ""


def test_every_lasting_service_restarts_and_has_a_health_check() -> None:
    for name, service in compose.services().items():
        if name in ONE_SHOT:
            assert service["restart"] == "no"
        else:
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"], name


def test_what_a_service_waits_for_exists_and_can_become_so() -> None:
    services = compose.services()
    for service in services.values():
        for other, wait in service.get("depends_on", {}).items():
            done = wait["condition"] == "service_completed_successfully"
            assert done == (other in ONE_SHOT), other
            assert done or services[other]["healthcheck"]
    for name in compose.own():
        assert name == "migrate" or "migrate" in services[name]["depends_on"]


def test_every_volume_is_declared_and_every_mounted_file_exists() -> None:
    for service in compose.services().values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).is_file()
            else:
                assert source in compose.compose()["volumes"]


def test_the_commands_exist() -> None:
    for name, service in compose.own().items():
        words = service["command"]
        assert words[0] == "python"
        if words[1] == "manage.py":
            assert words[2] in get_commands(), name
        else:
            assert words[1] == "-m"
            assert find_spec(words[2]), name
    heavy = compose.services()["worker-cpu"]["command"]
    assert heavy == compose.services()["worker-gpu"]["command"]
    assert find_spec(heavy[heavy.index("-A") + 1])


def test_every_queue_has_a_worker() -> None:
    from lamella.jobs.kinds import QUEUES

    workers = [it["command"] for name, it in compose.own().items() if name.startswith("worker")]
    assert {words[words.index("-Q") + 1] for words in workers} == set(QUEUES)


def test_the_store_and_the_broker_that_lamella_is_told_of_are_services() -> None:
    environment = compose.own()["web"]["environment"]
    options = json.loads(environment["LAMELLA_STORE_OPTIONS"])
    assert options["endpoint_url"] == "http://minio:9000"
    assert options["key"] == compose.services()["minio"]["environment"]["MINIO_ROOT_USER"]
    assert options["secret"] == compose.services()["minio"]["environment"]["MINIO_ROOT_PASSWORD"]
    assert environment["LAMELLA_STORE"] == "s3://lamella"
    assert "store/lamella" in compose.services()["bucket"]["command"][0]
    password = compose.services()["postgres"]["environment"]["POSTGRES_PASSWORD"]
    assert environment["DATABASE_URL"] == f"postgresql://lamella:{password}@postgres:5432/lamella"
    assert environment["LAMELLA_BROKER_URL"].startswith("redis://redis:")


def test_the_proxy_speaks_to_the_port_that_the_web_server_listens_on() -> None:
    words = compose.services()["web"]["command"]
    port = words[words.index("--port") + 1]
    assert f"reverse_proxy web:{port}" in (ROOT / "deploy/Caddyfile").read_text()
    assert f"http://localhost:{port}/" in compose.services()["web"]["healthcheck"]["test"][-1]


def test_the_image_is_built_in_stages_runs_as_nobody_special_and_copies_what_exists() -> None:
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    stages = [line.split() for line in lines if line.startswith("FROM")]
    assert [words[1].split(":")[0] for words in stages] == ["node", "python", "python"]
    users = [line for line in lines if line.startswith("USER")]
    assert users == ["USER lamella"]
    for line in lines:
        if line.startswith("COPY") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
    arguments = {line.split()[1].split("=")[0] for line in lines if line.startswith("ARG")}
    for service in compose.own().values():
        assert set(service["build"]["args"]) <= arguments


def test_the_context_of_the_build_leaves_out_all_but_what_is_copied() -> None:
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    assert kept[0] == "*"
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert any(source.startswith(rule[1:]) for rule in kept if rule[0] == "!"), source
