"""The scanner finds what was planted: each way of writing in each kind of sink; and nothing where nothing was planted."""

import base64
import gzip
import json
import os
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.canary.scanner import CANARIES, Sinks, descendants, scan

LEAKS_MIN = 60
Write = Callable[[str], bytes]
Plant = Callable[[Path, Sinks, bytes], None]


def shifted(encode: Callable[[bytes], bytes], shift: int, secret: str) -> bytes:
    return encode(b"Key:=>"[: 3 + shift] + secret.encode() + b"; and so on")


ENCODINGS: dict[str, tuple[Write, ...]] = {
    "raw": (str.encode,),
    "base64": tuple(partial(shifted, base64.b64encode, shift) for shift in range(3)),
    "base64url": tuple(partial(shifted, base64.urlsafe_b64encode, shift) for shift in range(3)),
    "hex": (lambda s: s.encode().hex().encode(), lambda s: s.encode().hex().upper().encode()),
    "percent": (
        lambda s: quote(s, safe="").encode(),
        lambda s: "".join(f"%{b:02X}" for b in s.encode()).encode(),
    ),
    "json": (
        lambda s: json.dumps({"it": s}).encode(),
        lambda s: json.dumps(json.dumps({"it": s})).encode(),
    ),
    "packed": (
        lambda s: gzip.compress(b"a log " + s.encode()),
        lambda s: b"prefix" + zlib.compress(json.dumps({"it": s}).encode()),
        lambda s: gzip.compress(gzip.compress(base64.b64encode(b"." + s.encode()))),
    ),
}


def a_log(folder: Path, sinks: Sinks, leak: bytes) -> None:
    (folder / "platform.log").write_bytes(b'{"event": "answered", "text": "' + leak + b'"}\n' * 50)
    sinks.folder(folder)


def stdout_of_a_process(_: Path, sinks: Sinks, leak: bytes) -> None:
    sinks.take("stdout", spoken("stdout", leak).stdout)


def stderr_of_a_process(_: Path, sinks: Sinks, leak: bytes) -> None:
    sinks.take("stderr", spoken("stderr", leak).stderr)


def spoken(where: str, leak: bytes) -> subprocess.CompletedProcess[bytes]:
    program = f"import sys; sys.{where}.buffer.write(sys.stdin.buffer.read())"
    words = [sys.executable, "-c", program]
    return subprocess.run(words, input=leak, capture_output=True, check=True)


def a_database(folder: Path, sinks: Sinks, leak: bytes) -> None:
    """The cell is longer than a page, and the leak stands where one page ends and the next begins."""
    with closing(sqlite3.connect(folder / "books.sqlite")) as file:
        file.execute("CREATE TABLE t (cell)")
        text = (b"x" * 4060 + leak).decode("latin-1") if leak.isascii() else leak
        file.execute("INSERT INTO t VALUES (?)", (text,))
        file.commit()
    sinks.folder(folder)


def a_write_ahead_log(folder: Path, sinks: Sinks, leak: bytes) -> None:
    with closing(sqlite3.connect(folder / "books.sqlite")) as file:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("CREATE TABLE t (cell)")
        file.execute("INSERT INTO t VALUES (?)", (leak,))
        file.commit()
        sinks.take("wal", (folder / "books.sqlite-wal").read_bytes())


def an_answer(_: Path, sinks: Sinks, leak: bytes) -> None:
    sinks.take("body", b'{"reason": "it cannot be: ' + leak + b'", "allowed": false}')


def a_header(_: Path, sinks: Sinks, leak: bytes) -> None:
    sinks.take("headers", b"content-type: text/plain\r\nx-trace: " + leak + b"\r\n")


def a_page(_: Path, sinks: Sinks, leak: bytes) -> None:
    sinks.take("page", b"<html><script>parseElements('" + leak + b"')</script></html>")


def a_command_line(_: Path, sinks: Sinks, leak: bytes) -> None:
    words = [sys.executable.encode(), b"-c", b"import time; time.sleep(60)", leak]
    child = subprocess.Popen(words)
    try:
        for pid in descendants(os.getpid()):
            sinks.process(pid)
    finally:
        child.kill()
        child.wait()


SINKS: tuple[Plant, ...] = (
    a_log,
    stdout_of_a_process,
    stderr_of_a_process,
    a_database,
    a_write_ahead_log,
    an_answer,
    a_header,
    a_page,
    a_command_line,
)


def test_every_leak_that_is_planted_is_found(tmp_path: Path) -> None:
    names, planted, missed = cycle(CANARIES.items()), 0, []
    for sink in SINKS:
        for encoding, ways in ENCODINGS.items():
            if sink is a_command_line and encoding == "packed":
                continue  # an argument cannot hold the zero bytes of a packed stream
            name, secret = next(names)
            leak = ways[planted % len(ways)](secret)
            folder = tmp_path / str(planted)
            folder.mkdir()
            sinks = Sinks()
            sink(folder, sinks, leak)
            planted += 1
            if name not in {hit.secret for hit in sinks.hits}:
                missed.append((sink.__name__, encoding, name))

    assert missed == []
    assert planted >= LEAKS_MIN


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_secret_is_found_in_each_way_of_writing(encoding: str) -> None:
    for write in ENCODINGS[encoding]:
        for name, secret in CANARIES.items():
            assert {hit.secret for hit in scan(b"before " + write(secret) + b" after")} == {name}


def test_nothing_is_found_where_nothing_was_planted() -> None:
    shortened = "".join(secret[:-1] for secret in CANARIES.values())

    assert scan(shortened.encode() * 10 + os.urandom(100_000)) == []
