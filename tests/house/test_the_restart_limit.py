"""Whatever ends the engine, it is started again for ever: a restart limit would leave lots without stops."""

from configparser import ConfigParser
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def unit(name: str) -> ConfigParser:
    found = ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys have capitals
    found.read(ROOT / "deploy" / "systemd" / name)
    return found


def test_the_engines_unit_is_never_given_up_and_its_end_is_told() -> None:
    """Fault N6."""
    engine = unit("interlock.service")

    assert engine["Unit"]["StartLimitIntervalSec"] == "0"
    assert "StartLimitBurst" not in engine["Unit"]
    assert engine["Service"]["Restart"] in ("on-failure", "always")
    assert "_notify_telegram_fail.sh" in engine["Service"]["ExecStopPost"]
    assert engine["Service"]["ExecStopPost"].startswith("-"), "telling fails no restart"


def test_containers_that_guard_are_started_again_always() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    services = yaml.safe_load(text)["services"]

    engines = {name: s for name, s in services.items() if "engine" in name}
    assert engines
    assert all(service["restart"] == "always" for service in engines.values())
