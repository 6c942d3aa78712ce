"""How often may be asked: per method and key, on the exchange's own clock, and refused as documented."""

from datetime import timedelta

import pytest

from interlock.simulator.config import demo_key, reading_key
from tests.rooms.simulator.person import Person, exchange


def person(*, limited: bool = True) -> Person:
    return Person(exchange(keys=(demo_key(0), reading_key(0)), rate_limits=limited))


def codes(asked: Person, method: str, times: int) -> list[int]:
    return [int(asked.ask(method, client_oid="none")["code"]) for _ in range(times)]


@pytest.mark.parametrize(
    ("method", "count"),
    [
        ("cancel-order", 15),
        ("get-order-detail", 30),
        ("user-balance", 3),
        ("advanced/cancel-order", 3),
        ("get-trades", 1),
        ("get-order-history", 1),
    ],
)
def test_each_method_has_its_limit(method: str, count: int) -> None:
    asked = person()

    answers = codes(asked, method, count + 1)

    assert 42901 not in answers[:-1]
    assert (answers[-1], asked.last) == (42901, 429)


def test_a_window_passes_and_what_was_refused_does_not_count() -> None:
    asked = person()
    assert codes(asked, "user-balance", 5) == [0, 0, 0, 42901, 42901]
    asked.engine.advance(asked.engine.now + timedelta(milliseconds=90))
    assert codes(asked, "user-balance", 1) == [42901]
    asked.engine.advance(asked.engine.now + timedelta(milliseconds=10))
    assert codes(asked, "user-balance", 4) == [0, 0, 0, 42901]


def test_a_client_that_keeps_the_pace_is_never_refused() -> None:
    asked = person()
    for _ in range(50):
        assert codes(asked, "user-balance", 1) == [0]
        asked.engine.advance(asked.engine.now + timedelta(microseconds=33_400))


def test_methods_and_keys_are_counted_apart() -> None:
    asked = person()
    reader = Person(asked.engine, reading_key(0))
    assert codes(asked, "user-balance", 4)[-1] == 42901

    assert codes(reader, "user-balance", 3) == [0, 0, 0]
    assert codes(asked, "get-positions", 3) == [0, 0, 0]


def test_public_methods_are_counted_by_address() -> None:
    engine = person().engine
    asked = ("GET", "/exchange/v1/public/get-book?instrument_name=BTC_USDT", b"")
    statuses = [answer.status for _ in range(101) if (answer := engine.handle(*asked))]

    assert statuses == [200] * 100 + [429]
    elsewhere = engine.handle(*asked, "127.0.0.2")
    assert elsewhere is not None
    assert elsewhere.status == 200


def test_without_limits_nothing_is_counted() -> None:
    assert set(codes(person(limited=False), "get-trades", 50)) == {0}
