"""What the kernel says of this host: whether a port is free, who we are, and how much memory a process has held."""

import os
import resource
import secrets
import socket
from pathlib import Path


def port_is_free(address: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def rss_max_mb(pid: int) -> float | None:
    """The largest resident memory of a living process so far, in MiB; None when it cannot be read."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    line = next((row for row in status.splitlines() if row.startswith("VmHWM:")), None)
    return int(line.split()[1]) / 1024 if line else None


def own_rss_max_mb() -> float:
    """The largest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def this_life() -> str:
    """A name that no other process has, nor this one in another life, and by which a person finds it."""
    return f"{socket.gethostname()} pid {os.getpid()} {secrets.token_hex(4)}"
