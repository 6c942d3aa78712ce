"""The settings: one TOML file and the environment, read once, each with its name, range, source and effect."""

from interlock.settings.listing import SettingRow, rows
from interlock.settings.model import Settings
from interlock.settings.reading import check_bind, environment_of_host, of_host, read, wants_debug

__all__ = [
    "SettingRow",
    "Settings",
    "check_bind",
    "environment_of_host",
    "of_host",
    "read",
    "rows",
    "wants_debug",
]
