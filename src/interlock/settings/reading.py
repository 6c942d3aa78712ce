"""How the settings are read: the environment wins over the file, `INTERLOCK__SECTION__KEY` over the predecessor's name.

On a deployment host the two files that its scripts share stand between them: `secrets/runtime.env` over `.env.aws`. A secret may be
given as `…_FILE`. What is unknown, unreadable or out of range stops the process with the name that was used, never with the value.
An empty value means the default.
"""

import os
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from interlock.errors import BadSettings
from interlock.settings.env_file import EnvFile
from interlock.settings.kinds import is_loopback
from interlock.settings.listing import LEAVES, PREFIX, Leaf
from interlock.settings.model import Settings
from interlock.values import Secret

FILE: Final = "_FILE"
HOST_FILES: Final = (Path(".env.aws"), Path("secrets") / "runtime.env")
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
DROPPED: Final = (
    "MIN_SECONDS_BETWEEN_ORDERS",
    "USE_CRYPTO_PROXY",
    "DISABLE_AUTH",
    "ALLOW_PORTFOLIO_FALLBACK",
    "FAILSAFE_ON_SLTP_ERROR",
    "ALLOW_SHORTING",
    "ADMIN_ACTIONS_KEY",
    "DIAGNOSTICS_API_KEY",
)


@dataclass(frozen=True, slots=True)
class _Given:
    """A value that somebody gave, and the name by which they gave it."""

    value: object
    name: str


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings as environment and file state them; raises BadSettings with the name of the first that cannot be."""
    return _settings((os.environ if environ is None else environ,))


def of_host(root: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of the installation at `root`; the environment wins over `secrets/runtime.env`, that over `.env.aws`.

    Neither file needs to be there, and none is ever run. Raises BadSettings as `read` does, and with file and line for a bad line.
    """
    files = [EnvFile.read(root / name) for name in HOST_FILES]
    for file in files:
        _check_private(file)
    return _settings((*(file.values for file in files), os.environ if environ is None else environ))


def environment_of_host(root: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The same layers as one environment, for a program that runs where the platform does."""
    files = (EnvFile.read(root / name).values for name in HOST_FILES)
    own = os.environ if environ is None else environ
    return {name: value for layer in (*files, own) for name, value in layer.items() if value}


def _settings(layers: Sequence[Mapping[str, str]]) -> Settings:
    """What the layers state together, the last of them first; what one leaves empty, an earlier one may say."""
    env = {name: value for layer in layers for name, value in layer.items() if value}
    given = _of_file(_file(env), must_exist=f"{PREFIX}CONFIG" in env)
    for layer in layers:
        given |= _of_environment(layer)
    nested: dict[str, Any] = {}
    for path, each in given.items():
        section = nested if len(path) == 1 else nested.setdefault(path[0], {})
        section[path[-1]] = each.value
    try:
        settings = Settings.model_validate(nested)
    except ValidationError as error:
        raise _bad(error, given) from None
    settings = settings.model_copy(update={"data": settings.data.expanduser().absolute()})
    settings._sources = {".".join(path): each.name for path, each in given.items()}  # noqa: SLF001 (this function makes it)
    settings._ignored = tuple(name for name in DROPPED if env.get(name))  # noqa: SLF001 (likewise)
    return settings


def wants_debug() -> bool:
    """Whether whoever runs a script wants to read on stderr why it says what it says."""
    return os.environ.get("DEBUG") == "1"


def check_bind(settings: Settings, *, has_tls_proxy: bool) -> None:
    """Refuses an address that is not loopback, unless somebody vouches for a TLS proxy before it."""
    binds = {
        "INTERLOCK__API__BIND": settings.api.bind,
        "INTERLOCK__DASHBOARD__BIND": settings.dashboard.bind,
    }
    for name, bind in binds.items():
        if not has_tls_proxy and not is_loopback(bind):
            raise BadSettings(
                f"{name} is {bind}, which is not loopback: pass --i-have-a-tls-proxy."
            )


def _file(env: Mapping[str, str]) -> Path:
    data = env.get(f"{PREFIX}DATA") or str(Settings.model_fields["data"].default)
    return Path(env.get(f"{PREFIX}CONFIG") or Path(data) / "interlock.toml").expanduser()


def _of_file(path: Path, *, must_exist: bool) -> dict[tuple[str, ...], _Given]:
    if not must_exist and not path.is_file():
        return {}
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"The settings file {path} cannot be read: {_why(error)}.") from error
    return {keys: _Given(value, f"{'.'.join(keys)} of {path.name}") for keys, value in _flat(tree)}


def _why(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)


def _flat(tree: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from (((key, *rest), inner) for rest, inner in _flat(value))
        else:
            yield (key,), value


def _of_environment(env: Mapping[str, str]) -> dict[tuple[str, ...], _Given]:
    known = {leaf.name: leaf for leaf in LEAVES}
    files = {leaf.name + FILE for leaf in LEAVES if leaf.secret}
    for name in sorted(env):
        if name.startswith(PREFIX) and name not in {*known, *files, f"{PREFIX}CONFIG"}:
            raise BadSettings(f"{name} is not a setting.")
    given = ((leaf.path, _given(env, leaf)) for leaf in LEAVES)
    return {path: each for path, each in given if each is not None}


def _given(env: Mapping[str, str], leaf: Leaf) -> _Given | None:
    for name in filter(None, (leaf.name, leaf.alias)):
        if env.get(name):
            return _Given(env[name], name)
        if leaf.secret and env.get(name + FILE):
            return _Given(_secret_of(name + FILE, Path(env[name + FILE])), name + FILE)
    return None


def _check_private(file: EnvFile) -> None:
    """Refuses a file that holds a secret and that others may read."""
    names = (name for leaf in LEAVES if leaf.secret for name in (leaf.name, leaf.alias))
    held = next((name for name in names if file.values.get(name)), None)
    if held is not None and file.mode & OTHERS:
        raise BadSettings(f"{held}: others may read {file.path}; `chmod 600` it.")


def _secret_of(name: str, path: Path) -> Secret:
    """The text of a secret's file, which nobody but its owner may read."""
    try:
        if path.stat().st_mode & OTHERS:
            raise BadSettings(f"{name}: others may read {path}; `chmod 600` it.")
        return Secret(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{name}: {path} cannot be read: {_why(error)}.") from error


def _bad(error: ValidationError, given: Mapping[tuple[str, ...], _Given]) -> BadSettings:
    """The first thing that is wrong, by the name that was used; never with the value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = tuple(str(part) for part in first["loc"])
    used = given.get(path)
    name = used.name if used else PREFIX + "__".join(path).upper()
    if first["type"] == "extra_forbidden":
        return BadSettings(f"{name} is not a setting.")
    said = (
        first["msg"].removeprefix("Value error, ").removeprefix("Input ").replace("should", "must")
    )
    return BadSettings(f"{name} {said}.")
