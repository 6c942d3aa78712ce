"""`interlock rehearse` from outside: figures as JSON, the same digest in every process, and a schedule that fails exits with 1."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("interlock"))


def rehearsed(*words: str, hash_seed: str = "0") -> tuple[int, dict[str, Any]]:
    """The exit code, and the last line of what it said."""
    env = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": hash_seed}  # noqa: TID251 - handed on to a program
    ran = subprocess.run(
        [PROGRAM, "rehearse", "--json", *words], env=env, capture_output=True, check=False
    )
    return ran.returncode, json.loads(ran.stdout.splitlines()[-1])


def test_every_process_and_every_hash_seed_gives_the_same_digest() -> None:
    code, one = rehearsed("--seeds", "12", "--processes", "1", hash_seed="1")
    also, two = rehearsed("--seeds", "12", "--processes", "2", hash_seed="2")

    assert (code, also) == (0, 0)
    assert one["digest"] == two["digest"]
    assert (one["seeds"], one["violations"]) == (12, 0)
    assert one["marks"], "nothing went wrong in any of them"


def test_one_seed_is_told_whole() -> None:
    code, told = rehearsed("--seed", "7")

    assert code == 0
    assert told["schedule"]["seed"] == 7
    assert told["violations"] == []
    assert told["lives"] >= 1
