"""The same seed with other secrets is the same life: nothing that the platform says, keeps or asks depends on a key or a token."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from typing_extensions import override

from interlock.account import Mode
from interlock.rehearsal.script import BY_STOP, BY_TARGET, SERIES, SYMBOL, Script, stage
from interlock.rehearsal.store import DictGround, dict_books
from interlock.simulator.answers import Answer
from interlock.simulator.config import ApiKey, Config
from interlock.simulator.engine import Engine
from interlock.values import Secret
from tests.canary.scanner import CANARIES, scan
from tests.fakes.notify import Phone

# Unlike in every way that could show: length, alphabet, order.
ONE = ApiKey("zz-short", Secret("~" * 60))
OTHER = ApiKey(CANARIES["api_key"], Secret(CANARIES["api_secret"]))


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@dataclass(slots=True)
class Life:
    """Everything that one life let out, as text."""

    trace: str
    asked: list[str]
    said: list[str]
    rows: list[str]
    log: str


class Recorded(Engine):
    """The exchange, with what it was asked, but for the places where a secret may show."""

    asked: list[str]

    @override
    def handle(self, verb: str, path: str, body: bytes, source: str = "127.0.0.1") -> Answer | None:
        words: dict[str, Any] = json.loads(body) if body else {}
        shown = {name: words[name] for name in sorted(words) if name not in {"sig", "api_key"}}
        self.asked.append(f"{verb} {path} {json.dumps(shown)}")
        return super().handle(verb, path, body, source)


def lived(script: Script, key: ApiKey) -> Life:
    log = io.StringIO()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(log),
        wrapper_class=structlog.BoundLogger,
        cache_logger_on_first_use=False,
    )
    ground = DictGround()
    world = stage(script, open_books=lambda: dict_books(ground, bound=Mode.SIM))
    exchange = Recorded(
        Config(
            start=world.start, replay={SYMBOL: SERIES}, keys=(key,), depth={SYMBOL: script.depth}
        )
    )
    exchange.asked = []
    phone = Phone(fails=2)
    world.engine, world.key, world.notifier = exchange, key, phone
    trace = world.run()
    rows = [f"{name} {row}" for name, table in ground.tables.items() for row in table.items()]
    return Life(trace, exchange.asked, phone.said, rows, log.getvalue())


@pytest.mark.parametrize("script", [BY_TARGET, BY_STOP], ids=lambda script: script.name)
def test_another_secret_changes_not_one_byte(script: Script) -> None:
    one, other = lived(script, ONE), lived(script, OTHER)

    assert one == other
    assert len(one.asked) > 40
    assert len(one.said) > 4
    assert "answered" in one.log
    assert scan("\n".join([*other.asked, *other.said, *other.rows, other.log]).encode()) == []
