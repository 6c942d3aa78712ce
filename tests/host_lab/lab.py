"""`make host-lab`: the deployment of this tree on a Debian machine of the lab's own, from nothing to the closeout's declaration.

`--faults` then breaks each of the seven points in turn. What passes here was executed in the lab, not on EC2. A step that cannot run fails.
"""

import argparse
import contextlib
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.host_lab.boxes import Lab
from tests.host_lab.drill import Deployment
from tests.host_lab.faults import break_each
from tests.host_lab.ground import install_packages
from tests.host_lab.machine import LabFailed, cgroups_are_writable, check, say
from tests.host_lab.units import run_as_units
from tests.house.tree import ROOT

REPORT = ROOT / "build" / "host_lab_report.md"


def main() -> int:
    """The whole drill; 0 only when every line of it passed."""
    parser = argparse.ArgumentParser(prog="make host-lab")
    parser.add_argument(
        "--faults", action="store_true", help="break each of the seven points in turn"
    )
    parser.add_argument(
        "--units", action="store_true", help="then run it as units, without containers"
    )
    parser.add_argument("--keep", action="store_true", help="leave the machines running afterwards")
    asked = parser.parse_args()
    began = time.monotonic()
    try:
        drill(asked)
    except LabFailed as failure:
        say(f"FAIL  {failure}")
        return 1
    say(f"PASS  the host lab, in {time.monotonic() - began:.0f} s; executed in the lab, not on EC2")
    say(REPORT.read_text(encoding="utf-8").rstrip().splitlines()[-1])
    return 0


def drill(asked: argparse.Namespace) -> None:
    """Every step in order; what was made is removed whatever happens."""
    check("control groups of this machine are writable before", cgroups_are_writable())
    install_packages()
    folder = Path(tempfile.mkdtemp(prefix="interlock-lab-", dir="/var/tmp"))
    lab = Lab.at(folder)
    lab.podman.prepare()
    try:
        _deploy(lab, asked)
    finally:
        if asked.keep:
            say(
                f"      kept: CONTAINERS_STORAGE_CONF={folder}/storage.conf CONTAINERS_CONF={folder}/containers.conf podman ps"
            )
        else:
            _clean_up(lab)
        check("control groups of this machine are writable after", cgroups_are_writable())


def _deploy(lab: Lab, asked: argparse.Namespace) -> None:
    lab.build()
    lab.boot()
    ours = Deployment(lab)
    ours.check_out()
    exchange = ours.begin_world()
    ours.build_images()
    ours.install(exchange)
    ours.start()
    ours.close_red()
    ours.close_green(REPORT)
    if asked.faults:
        break_each(ours)
    if asked.units:
        run_as_units(ours)


def _clean_up(lab: Lab) -> None:
    lab.tear_down()
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(lab.folder)
    mounts = Path("/proc/mounts").read_text(encoding="utf-8")
    check("nothing of the lab is left", str(lab.folder) not in mounts and not lab.folder.exists())


if __name__ == "__main__":
    sys.exit(main())
