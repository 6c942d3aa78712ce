"""The token of the running platform: 256 bits, written for its owner's eyes alone, known to the API by its digest."""

import os
import secrets
from pathlib import Path

from interlock.errors import StoreTrouble
from interlock.values import Secret


def issue(path: Path) -> Secret:
    """Makes a new token and writes it to `path` (0600); dashboard and CLI read it there."""
    token = secrets.token_urlsafe(32)
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token)
        fresh.replace(path)
    except OSError as error:
        raise StoreTrouble(f"{path} cannot be written: {error.strerror}.") from error
    return Secret(token)
