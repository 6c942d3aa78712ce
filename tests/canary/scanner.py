"""Finds planted secrets in bytes, however they were written down: raw, base64 and base64url at each alignment, hex, percent, JSON, packed.

`scan` takes any bytes, `Sinks` gathers them: files, folders, databases (as file and as rows, since a page may cut a text in two),
answers, command lines. A secret is looked for as a whole; what proves the scanner is that it finds every leak planted for it.
"""

import base64
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

# Plainly made up, of the real length and alphabet. The API's own token is drawn by the platform and joins them when it is known.
CANARIES: Final[Mapping[str, str]] = {
    "api_key": "CaNaRyKeyFake7Qx2Wv9",
    "api_secret": "cxakp_FakeCanarySecret9",
    "telegram_token": "7099999999:AAFakeCanaryToken-of_real_length_42x",
    "api_token": "FakeCanaryApiToken-0123456789_abcdefghijklm",
    "database_password": 'Fake/Canary+"Pass\\word"=9&%',
    "webhook_key": "whsec_FakeCanaryWebhook0123456789abcdef",
}
DEPTH_MAX: Final = 3
UNPACKED_MAX: Final = 64 * 1024 * 1024
PACKED: Final = (b"\x1f\x8b\x08", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
EITHER_HEADER: Final = 32 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret that was found: which, how it was written, in which sink (empty for bare bytes), and from which byte on."""

    secret: str
    encoding: str
    at: int
    sink: str = ""


def scan(content: bytes, secrets: Mapping[str, str] = CANARIES) -> list[Hit]:
    """Every place where a secret stands, each way of writing it once."""
    return list(_hits(content, _needles(tuple(sorted(secrets.items()))), DEPTH_MAX))


@dataclass(slots=True)
class Sinks:
    """Everything that a run let out, by the name of where it went."""

    secrets: Mapping[str, str] = field(default_factory=lambda: dict(CANARIES))
    hits: list[Hit] = field(default_factory=list)
    looked_at: dict[str, int] = field(default_factory=dict)

    def take(self, name: str, content: bytes | str) -> None:
        """Scans one thing that came out."""
        raw = content.encode() if isinstance(content, str) else content
        self.looked_at[name] = self.looked_at.get(name, 0) + len(raw)
        found = scan(raw, self.secrets)
        self.hits += [Hit(hit.secret, hit.encoding, hit.at, name) for hit in found]

    def file(self, path: Path) -> None:
        """One file; a database is read as rows too."""
        content = path.read_bytes()
        self.take(path.name, content)
        if content.startswith(b"SQLite format 3"):
            self.take(f"{path.name} as rows", "\n".join(_rows(path)))

    def folder(self, path: Path, *, but: Iterable[str] = ()) -> None:
        """Every file below; `but` names those that are the secret's own place."""
        for each in sorted(path.rglob("*")):
            if each.is_file() and each.name not in but:
                self.file(each)

    def process(self, pid: int, *, environ: bool = False) -> None:
        """What any user of the host can see of a process; its environment too, when its secrets came by file."""
        for what in ("cmdline", *(("environ",) if environ else ())):
            self.take(what, Path(f"/proc/{pid}/{what}").read_bytes())


def descendants(pid: int) -> list[int]:
    """The process and all below it that live now."""
    parents = {}
    for each in Path("/proc").glob("[0-9]*"):
        try:
            stat = (each / "stat").read_text(encoding="latin-1")
        except OSError:  # it has ended since
            continue
        parents[int(each.name)] = int(stat.rpartition(")")[2].split()[1])
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return [each for each in family if each in parents]


def written(secret: str) -> Iterator[tuple[str, bytes]]:
    """Each way in which a secret may be written, packed ones aside: name and the bytes to look for."""
    raw = secret.encode()
    yield "raw", raw
    for shift in range(3):
        yield f"base64 +{shift}", _core(base64.b64encode, raw, shift)
        yield f"base64url +{shift}", _core(base64.urlsafe_b64encode, raw, shift)
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    yield "percent", quote(secret, safe="").encode()
    yield "every percent", "".join(f"%{byte:02x}" for byte in raw).encode()
    yield "EVERY PERCENT", "".join(f"%{byte:02X}" for byte in raw).encode()
    yield "json", json.dumps(secret)[1:-1].encode()
    yield "json in json", json.dumps(json.dumps(secret)[1:-1])[1:-1].encode()
    yield "json escapes", "".join(f"\\u{ord(c):04x}" for c in secret).encode()


def _core(encode: Callable[[bytes], bytes], raw: bytes, shift: int) -> bytes:
    """The characters of an encoding that depend on the secret alone, when `shift` bytes of something else stand before it."""
    text = encode(bytes(shift) + raw)
    return text[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]


@cache
def _needles(secrets: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str, bytes], ...]:
    """Secret, way of writing, bytes; what is written the same in two ways is looked for once."""
    found: dict[bytes, tuple[str, str, bytes]] = {}
    for name, secret in secrets:
        for how, needle in written(secret):
            found.setdefault(needle, (name, how, needle))
    return tuple(found.values())


def _hits(content: bytes, needles: Iterable[tuple[str, str, bytes]], depth: int) -> Iterator[Hit]:
    for name, how, needle in needles:
        at = content.find(needle)
        if at >= 0:
            yield Hit(name, how, at)
    if depth:
        for at, inner in _unpacked(content):
            for hit in _hits(inner, needles, depth - 1):
                yield Hit(hit.secret, f"packed {hit.encoding}", at)


def _unpacked(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Every gzip or zlib stream, as far as it can be unpacked, and where it begins."""
    for head in PACKED:
        at = content.find(head)
        while at >= 0:
            try:
                inner = zlib.decompressobj(EITHER_HEADER).decompress(
                    memoryview(content)[at:], UNPACKED_MAX
                )
            except zlib.error:  # these bytes only look like the head of a stream
                inner = b""
            if inner:
                yield at, inner
            at = content.find(head, at + 1)


def _rows(path: Path) -> Iterator[str]:
    """Every row of a database as text, blobs in hex."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        yield from file.iterdump()
