"""compose.yaml keeps its policy: loopback alone is published, every service is hardened, and no secret stands in it."""

import re
from typing import Any

import pytest
import yaml

from tests.house.tree import ROOT

TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
DEPLOYED = {"db", "backend-aws", "frontend-aws", "engine-aws", "updater-aws", "notifier-aws"}
SECRET = re.compile(
    r"token|secret|password|api[_-]?key|private|chat[_-]?id|database[_-]?url", re.IGNORECASE
)

every_service = pytest.mark.parametrize("name", SERVICES)


def test_the_profile_of_the_deployment_has_exactly_its_services() -> None:
    assert {name for name, each in SERVICES.items() if each["profiles"] == ["aws"]} == DEPLOYED
    assert {name for name, each in SERVICES.items() if each["profiles"] == ["local"]} == (
        SERVICES.keys() - DEPLOYED
    )


def test_the_three_that_the_runbook_starts_bring_all_others_along() -> None:
    started, asked = set(), ["db", "backend-aws", "frontend-aws"]
    while asked:
        name = asked.pop()
        started.add(name)
        asked.extend(set(SERVICES[name].get("depends_on", {})) - started)

    assert started == DEPLOYED


def test_two_ports_are_published_and_on_loopback_alone() -> None:
    published = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}

    assert published == {
        "backend-aws": ["127.0.0.1:8002:8002"],
        "frontend-aws": ["127.0.0.1:3000:3000"],
        "backend-local": ["127.0.0.1:8002:8002"],
        "frontend-local": ["127.0.0.1:3000:3000"],
    }
    assert "network_mode" not in TEXT


@every_service
def test_every_service_is_hardened(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["init"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "always"
    assert int(service["user"].split(":")[0]) > 10_000
    assert 0 < service["pids_limit"] <= 256
    assert service["mem_limit"] == "512m"
    assert service["ulimits"]["core"] == 0
    assert service["ulimits"]["nofile"] == {"soft": 1024, "hard": 1024}
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert all("noexec,nosuid,nodev" in each for each in service["tmpfs"])
    assert not service.keys() & {"privileged", "cap_add", "pid", "ipc", "devices", "userns_mode"}


@every_service
def test_every_health_check_asks_something_that_can_say_no(name: str) -> None:
    asked = SERVICES[name]["healthcheck"]["test"]

    assert asked[0] == "CMD"
    assert re.search(
        r"api/health/ready|127\.0\.0\.1:3000/|heartbeat,\w+|psql.*select 1", ",".join(asked)
    )


@every_service
def test_no_service_reaches_the_engine_or_a_folder_of_the_host(name: str) -> None:
    volumes = SERVICES[name]["volumes"]

    assert all(re.match(r"(books|data|local):/", each) for each in volumes)
    assert ".sock" not in TEXT


@every_service
def test_images_are_ours_and_never_latest(name: str) -> None:
    assert re.fullmatch(r"interlock(-db)?:\$\{INTERLOCK_TAG:-local\}", SERVICES[name]["image"])


@every_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    given = SERVICES[name].get("environment", {})

    assert [key for key, value in given.items() if SECRET.search(key) and value] == []


def test_the_database_is_reached_from_inside_alone_and_is_given_no_key_of_the_exchange() -> None:
    database = SERVICES["db"]

    assert "ports" not in database
    assert database["networks"] == ["inside"]
    assert yaml.safe_load(TEXT)["networks"]["inside"] == {"internal": True}
    assert database["env_file"] == ["secrets/db.env"]


def test_the_dashboard_is_given_no_secret_and_writes_nothing() -> None:
    dashboard = SERVICES["frontend-aws"]

    assert "env_file" not in dashboard
    assert dashboard["volumes"] == ["data:/data:ro"]


def test_the_local_profile_can_never_be_live() -> None:
    given = SERVICES["backend-local"]["environment"]

    assert given["LIVE_TRADING"] == "false"
    assert given["APP_ENV"] == "local"
