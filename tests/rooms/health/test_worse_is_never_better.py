"""The law of health: a worse input never gives a better verdict, and nothing passes unseen."""

from dataclasses import fields, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from interlock.account import Mode
from interlock.health.observations import LoopSeen, MarketSeen, Observed, TelegramSeen, TradeSeen
from interlock.health.verdict import Light, SystemHealth, assess, worst
from interlock.values import Unknown
from tests.rooms.health.seen import GOOD, LOOP, NOW, OVERDUE

PARTS = ("market", "updater", "monitor", "telegram", "trade")
ages = st.integers(0, 40 * 60).map(lambda s: timedelta(seconds=s))
more = st.integers(0, 40 * 60).map(lambda s: timedelta(seconds=s))
flags = st.booleans()


def ranks(health: SystemHealth) -> tuple[int, ...]:
    lights = (health.status, *(getattr(health, part).status for part in PARTS))
    return tuple(light.rank for light in lights)


def no_better(worse: Observed, better: Observed) -> bool:
    pairs = zip(ranks(assess(worse, NOW)), ranks(assess(better, NOW)), strict=True)
    return all(one >= other for one, other in pairs)


@given(st.lists(ages, max_size=5), more)
def test_older_prices_are_never_better(old: list[timedelta], extra: timedelta) -> None:
    better = {f"C{n}_USDT": NOW - age for n, age in enumerate(old)}
    worse = {symbol: at - extra for symbol, at in better.items()}

    assert no_better(
        replace(GOOD, market=MarketSeen(worse)), replace(GOOD, market=MarketSeen(better))
    )


@given(st.lists(ages, min_size=1, max_size=5), st.integers(0, 4))
def test_a_price_that_is_gone_is_never_better(old: list[timedelta], which: int) -> None:
    better = {f"C{n}_USDT": NOW - age for n, age in enumerate(old)}
    worse = {**better, f"C{which % len(old)}_USDT": None}

    assert no_better(
        replace(GOOD, market=MarketSeen(worse)), replace(GOOD, market=MarketSeen(better))
    )


@given(ages, more, flags)
def test_an_older_cycle_or_a_lost_lease_is_never_better(
    age: timedelta,
    extra: timedelta,
    loses: bool,  # noqa: FBT001 (a drawn value)
) -> None:
    better = replace(LOOP, last_cycle=NOW - age)
    worse = LoopSeen(not loses, NOW - age - extra, LOOP.began_at)

    assert no_better(
        replace(GOOD, updater=worse, monitor=worse), replace(GOOD, updater=better, monitor=better)
    )


telegrams = st.builds(
    TelegramSeen,
    run_env=st.just(True),  # noqa: FBT003 (the value that is drawn)
    chat_id_set=flags,
    bot_token_set=flags,
    sending_allowed=flags,
    mode=st.sampled_from(Mode),
    last_send_ok=st.sampled_from([None, True, False]),
    failures_in_row=st.integers(0, 4),
    oldest_unsent=st.one_of(st.none(), ages.map(lambda age: NOW - age)),
)


@given(
    telegrams, st.sampled_from(["chat_id_set", "bot_token_set", "sending_allowed", "last_send_ok"])
)
def test_a_messenger_that_lost_something_is_never_better(seen: TelegramSeen, lost: str) -> None:
    worse = replace(seen, **{lost: False})  # type: ignore[arg-type] # each of these names is a flag of TelegramSeen

    assert no_better(replace(GOOD, telegram=worse), replace(GOOD, telegram=seen))


trades = st.builds(
    TradeSeen,
    open_positions=st.integers(0, 12),
    intents_table=flags,
    checked_at=st.one_of(st.none(), ages.map(lambda age: NOW - age)),
    unknown_outcomes=st.sampled_from([(), ("i",)]),
    breaker=st.sampled_from([None, "open"]),
)
SPOILS = {
    "open_positions": 13,
    "intents_table": False,
    "checked_at": None,
    "inconsistencies": ("x",),
    "covers": (OVERDUE,),
    "missing_intents": ("s",),
    "unknown_outcomes": ("i",),
    "freezes": ("BTC",),
    "breaker": "open",
}


@given(trades, st.sampled_from(sorted(SPOILS)))
def test_an_order_table_with_one_more_trouble_is_never_better(seen: TradeSeen, spoil: str) -> None:
    worse = replace(seen, **{spoil: SPOILS[spoil]})  # type: ignore[arg-type] # the names are those of TradeSeen

    assert no_better(replace(GOOD, trade=worse), replace(GOOD, trade=seen))


@given(st.sets(st.sampled_from(PARTS)))
def test_what_could_not_be_looked_at_has_failed(blind: set[str]) -> None:
    spoils: dict[str, object] = dict.fromkeys(blind, Unknown("ValueError"))
    seen = replace(GOOD, **spoils)  # type: ignore[arg-type] # the names are those of Observed
    health = assess(seen, NOW)

    assert {part for part in PARTS if getattr(health, part).status is Light.FAIL} == blind
    assert no_better(seen, GOOD)


def test_every_trouble_of_the_order_tables_is_among_the_spoils() -> None:
    assert {field.name for field in fields(TradeSeen)} == set(SPOILS)


def test_nothing_looked_at_is_a_failure_and_not_a_pass() -> None:
    assert worst([]) is Light.FAIL
