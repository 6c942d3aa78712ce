"""Migration by Alembic. This is the one module that imports it, and it is imported only when a file must be migrated."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

VERSION_TABLE: Final = "alembic_version"
HERE: Final = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, chain: str, version_table: str = VERSION_TABLE) -> None:
    """Brings the schema behind `connection` to the head of its chain, inside the transaction that is open."""
    config = _config(chain)
    config.attributes["version_table"] = version_table
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def revisions(chain: str) -> tuple[str, ...]:
    """Every revision of a chain, newest first."""
    steps = ScriptDirectory.from_config(_config(chain)).walk_revisions()
    return tuple(step.revision for step in steps)


def _config(chain: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("version_locations", str(HERE / chain).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config
