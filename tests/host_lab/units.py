"""The same host without containers: the units of profile `host`, what their sandbox really forbids, and what ends and revives them."""

from typing import Final

from tests.host_lab.boxes import CHECKOUT, OPERATOR
from tests.host_lab.drill import COMPLETE, PROGRAM, Deployment
from tests.host_lab.machine import MINUTES, check, until

UNIT: Final = "interlock.service"
DATA: Final = "/var/lib/interlock"
RUNTIME: Final = f"{CHECKOUT}/secrets/runtime.env"
STATUS: Final = {"CapEff": "0000000000000000", "NoNewPrivs": "1", "Seccomp": "2"}
DEATHS: Final = 6
# Run under the unit's own options: each line is one thing that must not be possible, or must be.
PROBE: Final = """\
import ctypes, os, socket
def says(what):
    try:
        found = what()
        return f"done {found}" if found else "done"
    except OSError as error:
        return os.strerror(error.errno)
def write(path):
    with open(path, "w") as file:
        file.write("x")
def unshare():
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000):
        raise OSError(ctypes.get_errno(), "")
looks = {
    "write to /etc": lambda: write("/etc/probe"),
    "write to the checkout": lambda: write("CHECKOUT/probe"),
    "write to its state": lambda: write(os.environ["STATE_DIRECTORY"] + "/probe"),
    "read of process 1": lambda: open("/proc/1/status").close(),
    "list of /home": lambda: os.listdir("/home") and None,
    "packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
    "netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
    "namespace of its own": unshare,
}
for name, look in looks.items():
    print(f"{name}: {says(look)}", flush=True)
""".replace("CHECKOUT", CHECKOUT)
FORBIDDEN: Final = {
    "write to /etc": "Read-only file system",
    "write to the checkout": "Read-only file system",
    "write to its state": "done",
    "read of process 1": "No such file or directory",
    "list of /home": "Permission denied",
    "packet socket": "Address family not supported by protocol",
    "netlink socket": "Address family not supported by protocol",
    "namespace of its own": "Operation not permitted",
}


def run_as_units(ours: Deployment) -> None:
    """Containers down, units up: READY, sandbox, watchdog, restart limit with its alert, and the closeout of profile `host`."""
    ours.compose("down", "-t", "20")
    host = ours.lab.host
    host.must("sed", "-i", "/^DATABASE_URL=/d", RUNTIME)
    host.must("sed", "-i", "s/^APP_ENV=aws$/APP_ENV=host/", f"{CHECKOUT}/.env.aws")
    host.must("chown", f"{OPERATOR}:", RUNTIME, f"{CHECKOUT}/.env.aws")
    host.must(PROGRAM, "install", "--profile", "host", "--user", OPERATOR)
    host.must("systemctl", "start", UNIT, "interlock-dashboard.service", wait=3 * MINUTES)
    check("READY: engine, API and dashboard run as units", _state(ours) == "active", _pid(ours))
    environ = {"INTERLOCK__DATA": DATA}
    for symbol in ("BTC_USDT", "ETH_USDT"):
        host.must(PROGRAM, "watch", symbol, user=OPERATOR, environ=environ)
    _is_closed(ours)
    _watchdog(ours)
    until("the platform is green", ours.is_green, 150, 2)
    said = ours.operator(
        "scripts/aws/nightly_integrity_audit.sh", "--profile", "host", wait=20 * MINUTES
    )
    check(
        "the next audit counts that restart and fails", said.out.strip() == "FAIL", said.out.strip()
    )
    _close(ours)
    _restart_limit(ours)


def _is_closed(ours: Deployment) -> None:
    """What the kernel says of the running process, and what a program under the same options may not do."""
    host = ours.lab.host
    told = dict(
        line.split(":", 1)
        for line in host.must("cat", f"/proc/{_pid(ours)}/status").splitlines()
        if ":" in line
    )
    found = {name: told[name].strip() for name in STATUS}
    check("no capability, no new privilege, a filter", found == STATUS, found)
    check("and no root", "0" not in told["Uid"].split(), told["Uid"].split()[0])
    host.write("/opt/probe.py", PROBE)
    unit = host.must("cat", f"/etc/systemd/system/{UNIT}")
    kept = [
        line for line in unit.splitlines() if not line.startswith(("ExecStart=", "Type=", "Wat"))
    ]
    service = kept.index("[Service]") + 1
    kept[service:service] = ["Type=oneshot", "ExecStart=/usr/bin/python3 /opt/probe.py"]
    kept = [line for line in kept if not line.startswith(("Restart", "NotifyAccess", "OnFailure"))]
    host.write("/run/systemd/system/probe.service", "\n".join(kept) + "\n")
    host.must("systemctl", "daemon-reload")
    host.must("systemctl", "start", "probe.service")
    said = host.must("journalctl", "-u", "probe.service", "-o", "cat", "--no-pager")
    seen = dict(
        line.split(": ", 1) for line in said.splitlines() if line.split(": ")[0] in FORBIDDEN
    )
    for name, wanted in FORBIDDEN.items():
        check(f"under its options, {name}", seen.get(name) == wanted, seen.get(name, "nothing"))


def _watchdog(ours: Deployment) -> None:
    """A process that stands still is ended by the watchdog, and another one is ready."""
    before = _pid(ours)
    ours.lab.host.must("kill", "-STOP", before)
    took = until(
        "another process is ready",
        lambda: _pid(ours) not in {before, "0"} and _state(ours) == "active",
        3 * MINUTES,
        1,
    )
    journal = ours.lab.host.must("journalctl", "-u", UNIT, "-n", "200", "--no-pager")
    check("the watchdog ends who stands still", "watchdog" in journal.lower(), f"{took:.0f} s")


def _close(ours: Deployment) -> None:
    ours.audit_by_hand()
    said = ours.operator(PROGRAM, "verify", "close", "--profile", "host", wait=20 * MINUTES)
    check(
        "the closeout of profile host declares", (said.code, said.last) == (0, COMPLETE), said.last
    )


def _restart_limit(ours: Deployment) -> None:
    """Who dies again and again is started again each time, since lots wait for their stops, and the owner is told once."""
    host = ours.lab.host
    for _ in range(DEATHS):
        until("there is a process to kill", lambda: _pid(ours) != "0", 60)
        host.run("kill", "-KILL", _pid(ours))
        until("it is noticed", lambda: _pid(ours) == "0", 20)
    until("it is started again", lambda: _pid(ours) != "0", 60)
    until("the owner is told", lambda: any("is started again" in text for text in ours.told()), 60)
    check("no number of deaths ends protection, and the owner is told", _state(ours) != "failed")


def _pid(ours: Deployment) -> str:
    return ours.lab.host.must("systemctl", "show", UNIT, "-p", "MainPID", "--value").strip()


def _state(ours: Deployment) -> str:
    return ours.lab.host.must("systemctl", "show", UNIT, "-p", "ActiveState", "--value").strip()
