"""The runbook's scripts: each is there under its name, a program, at most ten lines, and nothing that bash could not read."""

import os
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "scripts" / "aws"
NAMES = (
    "final_ec2_hard_verification.sh",
    "ec2_quick_verify.sh",
    "phase6_final_ec2_close.sh",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_script_of_the_runbook_is_a_short_program_that_bash_can_read(name: str) -> None:
    path = FOLDER / name
    read = subprocess.run(["/bin/bash", "-n", str(path)], capture_output=True, check=False)

    assert os.access(path, os.X_OK)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 10
    assert (read.returncode, read.stdout, read.stderr) == (0, b"", b"")


def test_the_line_of_completion_stands_in_one_file_of_the_source_and_in_no_script() -> None:
    line = "VALIDATION " + "COMPLETE"
    root = FOLDER.parents[1]
    holders = [p for p in (root / "src").rglob("*.py") if line in p.read_text(encoding="utf-8")]

    assert [path.name for path in holders] == ["declaration.py"]
    assert not [p for p in FOLDER.glob("*.sh") if line in p.read_text(encoding="utf-8")]
