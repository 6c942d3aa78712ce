"""The client: what it sends, at which endpoint, and what it makes of every answer."""

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from typing_extensions import override

from interlock.account import FeeRate, Margin
from interlock.errors import Circumstances, NotAuthorised, NotSent, Refused, Unreachable
from interlock.exchange.budget import Budget, unlimited
from interlock.exchange.client import Credentials, CryptoComExchange, offset
from interlock.exchange.windows import RETENTION, WINDOWS_MAX, Reader, Window
from interlock.orders.evidence import Absent, Accepted, Answer, OrderFact, Source
from interlock.orders.intent import Intent
from interlock.orders.wishes import Market, Occasion, Terms, wish_entry
from interlock.ports import Exchange, Gate, Reply, open_gate
from interlock.protocol.crypto_com.signing import verifies
from interlock.strategy.presets import PRESETS
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Known, Secret
from tests.fakes.exchange.transport import FewWords, No, Params
from tests.fakes.goods import NOW, entry, exit_order, intent
from tests.rooms import making

NONCE = 1709294400123
MARKET = Market(Known(making.BTC, making.NOW), Known(making.tick(), making.NOW))
TERMS = Terms("a1b2c3", making.EPOCH, making.LIMITS, making.NOW)
KEY, SECRET = Secret("the-key"), Secret("the-secret")
ENTRY, STOP = intent(entry()), intent(exit_order(Purpose.PROTECT, "lot-1", trigger="49500"))


class Desk:
    """The client on an exchange of few words, with a clock that somebody moves and pauses that are counted."""

    def __init__(self) -> None:
        self.exchange = FewWords()
        self.pauses: list[timedelta] = []
        self.now = NOW
        key, budget = Credentials(KEY, SECRET), Budget(self._pause, unlimited)
        self.client = CryptoComExchange(self.exchange, key, lambda: self.now, self._pause, budget)

    async def _pause(self, span: timedelta) -> None:
        self.pauses.append(span)
        self.now += span


def row(asked: Intent, order_id: str = "42", **more: object) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "client_oid": asked.client_oid,
        "instrument_name": asked.proposal.symbol,
        "order_type": asked.proposal.type.value,
        "side": asked.proposal.side.value,
        "status": "ACTIVE",
        "quantity": "0.001",
        "cumulative_quantity": "0",
        "cumulative_value": "0",
        "create_time": NOW.ms,
        **more,
    }


def ack(asked: Intent) -> dict[str, str]:
    return {"client_oid": asked.client_oid, "order_id": "42"}


def place(desk: Desk, asked: Intent = ENTRY) -> Answer:
    return asyncio.run(desk.client.place(asked, NONCE))


def test_the_client_is_the_exchange_that_the_desk_asks_for() -> None:
    exchange: Exchange = Desk().client
    assert exchange


def test_a_request_that_acts_is_signed_with_exactly_the_nonce_given() -> None:
    desk = Desk()
    desk.exchange.teach("private/create-order", ack(ENTRY))
    assert place(desk) == Accepted("42")
    ((verb, method, params, sent),) = desk.exchange.heard
    assert (verb, method, sent["id"], sent["nonce"]) == (
        "POST",
        "private/create-order",
        NONCE,
        NONCE,
    )
    assert params["client_oid"] == ENTRY.client_oid
    sig = sent["sig"]
    assert isinstance(sig, str)
    assert verifies(SECRET, method, str(NONCE), KEY.reveal(), params, str(NONCE), sig)


@pytest.mark.parametrize(
    ("asked", "create", "cancel"),
    [
        (ENTRY, "private/create-order", "private/cancel-order"),
        (STOP, "private/advanced/create-order", "private/advanced/cancel-order"),
    ],
)
def test_each_kind_is_placed_and_cancelled_at_its_own_endpoint(
    asked: Intent, create: str, cancel: str
) -> None:
    desk = Desk()
    desk.exchange.teach(create, ack(asked))
    desk.exchange.teach(cancel, ack(asked))
    assert place(desk, asked) == Accepted("42")
    assert asyncio.run(desk.client.cancel(asked, NONCE + 1)) == Accepted("42")
    assert desk.exchange.asked(cancel) == [{"client_oid": asked.client_oid}]


def test_no_answer_is_repeated() -> None:
    for said in (
        NotSent("no route"),
        Unreachable("cut"),
        No(429, 42901),
        No(500, 50001),
        Reply(502, b"<html>"),
    ):
        desk = Desk()
        desk.exchange.teach("private/create-order", said)
        place(desk)
        assert len(desk.exchange.heard) == 1


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (NotSent("no route"), NotSent),
        (Unreachable("cut"), Unreachable),
        (No(500, 306), Refused),
        (No(401, 40101, bare=True), NotAuthorised),
        (No(400, 204), Unreachable),
        (No(500, 50001), Unreachable),
        (Reply(502, b"<html>"), Unreachable),
        ({"client_oid": "another", "order_id": "42"}, Unreachable),
    ],
)
def test_whatever_is_heard_of_a_request_that_acts_becomes_a_value(said: Any, kind: type) -> None:  # noqa: ANN401 - anything may be said
    desk = Desk()
    desk.exchange.teach("private/create-order", said)
    assert type(place(desk)) is kind


def test_an_order_that_cannot_be_said_is_not_sent() -> None:
    desk = Desk()
    bad = intent(entry(size="0.0000001"))
    assert isinstance(place(desk, bad), NotSent)
    unset = entry()
    object.__setattr__(unset, "funding", Margin(None))
    assert isinstance(place(desk, intent(unset)), NotSent)
    assert desk.exchange.heard == []


@pytest.mark.parametrize(
    ("asked", "method", "source"),
    [
        (ENTRY, "private/get-order-detail", Source.ORDER_DETAIL),
        (STOP, "private/advanced/get-order-detail", Source.ADVANCED_DETAIL),
    ],
)
def test_an_order_is_asked_for_by_our_id_at_the_endpoint_of_its_kind(
    asked: Intent, method: str, source: Source
) -> None:
    desk = Desk()
    desk.exchange.teach(method, row(asked))
    fact = asyncio.run(desk.client.order(asked))
    assert isinstance(fact, OrderFact)
    assert (fact.order_id, fact.source, fact.as_of) == ("42", source, NOW)
    assert desk.exchange.asked(method) == [{"client_oid": asked.client_oid}]


@pytest.mark.parametrize("no", [No(200, 40401), No(404, 40401), No(500, 212), No(500, 316)])
def test_an_order_that_is_not_known_there_is_absent(no: No) -> None:
    desk = Desk()
    desk.exchange.teach("private/get-order-detail", no)
    found = asyncio.run(desk.client.order(ENTRY))
    assert found == Absent(ENTRY.client_oid, Source.ORDER_DETAIL, NOW)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({}, Unreachable),
        (row(STOP), Unreachable),
        (No(401, 40101), NotAuthorised),
        (No(429, 42901), Refused),
        (Reply(404, b""), Unreachable),
        (Unreachable("cut"), Unreachable),
        (NotSent("no route"), NotSent),
    ],
)
def test_nothing_else_is_an_absence(said: Any, error: type[Exception]) -> None:  # noqa: ANN401 - anything may be said
    desk = Desk()
    desk.exchange.teach("private/get-order-detail", said)
    with pytest.raises(error):
        asyncio.run(desk.client.order(ENTRY))


@pytest.mark.parametrize("advanced", [False, True])
def test_open_orders_are_one_complete_list_of_one_class(*, advanced: bool) -> None:
    desk = Desk()
    method = "private/advanced/get-open-orders" if advanced else "private/get-open-orders"
    desk.exchange.teach(method, {"data": [row(ENTRY, "1"), row(STOP, "2")]})
    found = asyncio.run(desk.client.open_orders(advanced=advanced))
    assert [fact.order_id for fact in found] == ["1", "2"]
    desk.exchange.teach(method, {"data": [row(ENTRY, "1"), {"order_id": "2"}]})
    with pytest.raises(Unreachable):
        asyncio.run(desk.client.open_orders(advanced=advanced))


def paged(rows: list[dict[str, Any]], key: str) -> Callable[[Params], object]:
    """The newest `limit` rows of a window whose start is inclusive and whose end is exclusive, newest first."""

    def word(params: Params) -> object:
        start, end, limit = (params[name] for name in ("start_time", "end_time", "limit"))
        assert isinstance(start, int)
        assert isinstance(end, int)
        assert isinstance(limit, int)
        within = sorted((r for r in rows if start <= r[key] < end), key=lambda r: -r[key])
        return {"data": within[:limit]}

    return word


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 450])
def test_history_is_read_to_its_end_with_a_pause_between_pages(count: int) -> None:
    desk = Desk()
    rows = [
        row(ENTRY, str(n), create_time=NOW.ms - 60_000 * n, status="FILLED") for n in range(count)
    ]
    desk.exchange.teach("private/get-order-history", paged(rows, "create_time"))
    since = NOW - timedelta(days=2)
    found = asyncio.run(desk.client.history(since, advanced=False))
    assert [fact.order_id for fact in found] == [str(n) for n in reversed(range(count))]
    pages = desk.exchange.asked("private/get-order-history")
    assert len(desk.pauses) == len(pages) - 1
    assert all(pause >= timedelta(seconds=1) for pause in desk.pauses)
    assert len(pages) == 1 or count >= 100


def test_history_that_is_too_dense_to_be_read_is_unreachable() -> None:
    """Fault C4."""
    desk = Desk()
    rows = [row(ENTRY, str(n), create_time=NOW.ms, status="FILLED") for n in range(100)]
    desk.exchange.teach("private/advanced/get-order-history", paged(rows, "create_time"))
    with pytest.raises(Unreachable, match="one millisecond"):
        asyncio.run(desk.client.history(NOW - timedelta(hours=1), advanced=True))
    desk.exchange.teach("private/get-order-history", paged(rows[:99], "create_time"))
    assert len(asyncio.run(desk.client.history(NOW - timedelta(hours=1), advanced=False))) == 99


def test_a_history_without_end_is_unreachable_after_a_bounded_number_of_pages() -> None:
    desk = Desk()

    def endless(params: Params) -> object:
        start = params["start_time"]
        return {"data": [row(ENTRY, f"{start}{n}", create_time=start) for n in range(100)]}

    desk.exchange.teach("private/get-order-history", endless)
    with pytest.raises(Unreachable):
        asyncio.run(desk.client.history(NOW - timedelta(days=2), advanced=False))
    assert len(desk.exchange.heard) <= WINDOWS_MAX


def trade(n: int) -> dict[str, Any]:
    return {
        "trade_id": str(n),
        "order_id": "42",
        "client_oid": "ilabcdef-1",
        "instrument_name": "BTC_USDT",
        "side": "BUY",
        "traded_quantity": "0.001",
        "traded_price": "50000",
        "fees": "-0.01",
        "fee_instrument_name": "USDT",
        "create_time": NOW.ms - n * 3_600_000,
    }


def test_fills_are_read_in_windows_of_at_most_seven_days() -> None:
    desk = Desk()
    rows = [trade(n) for n in range(500)]
    desk.exchange.teach("private/get-trades", paged(rows, "create_time"))
    found = asyncio.run(desk.client.fills(NOW - timedelta(days=30)))
    assert [fill.trade_id for fill in found] == [str(n) for n in reversed(range(500))]
    for params in desk.exchange.asked("private/get-trades"):
        start, end = params["start_time"], params["end_time"]
        assert isinstance(start, int)
        assert isinstance(end, int)
        assert end - start <= 7 * 86_400_000


def test_a_fill_that_the_exchange_dates_a_little_ahead_of_us_is_not_missed() -> None:
    desk = Desk()
    desk.exchange.teach(
        "private/get-trades", paged([{**trade(0), "create_time": NOW.ms + 4000}], "create_time")
    )
    assert len(asyncio.run(desk.client.fills(NOW - timedelta(hours=1)))) == 1


def test_what_the_exchange_no_longer_keeps_is_unreachable() -> None:
    """Fault C5."""
    desk = Desk()
    with pytest.raises(Unreachable):
        asyncio.run(desk.client.fills(Instant(0)))
    with pytest.raises(Unreachable):
        asyncio.run(desk.client.history(Instant(0), advanced=False))
    assert desk.exchange.heard == []
    desk.exchange.teach("private/get-trades", {"data": []})
    assert asyncio.run(desk.client.fills(NOW - RETENTION)) == ()


def test_more_pages_than_anybody_should_read_are_unreachable() -> None:
    asked: list[Window] = []

    async def page(window: Window) -> tuple[int, ...]:
        asked.append(window)
        return ()

    async def pause(_span: timedelta) -> None:
        return

    reader = Reader(page, pause, 100, timedelta(minutes=1))
    with pytest.raises(Unreachable, match="pages"):
        asyncio.run(reader.whole(NOW - timedelta(days=1), NOW))
    assert len(asked) == WINDOWS_MAX
    assert asked[0].start == (NOW - timedelta(days=1)).ms
    assert all(one.end == other.start for one, other in itertools.pairwise(asked))


def test_bars_are_asked_by_get_and_cut_at_the_clock_of_the_exchange() -> None:
    desk = Desk()
    hour = timedelta(hours=1)
    candles = [
        {"o": "1", "h": "2", "l": "1", "c": "2", "v": "0", "t": (NOW - n * hour).ms}
        for n in range(6)
    ]
    desk.exchange.teach("public/get-candlestick", {"instrument_name": "BTC_USDT", "data": candles})
    found = asyncio.run(desk.client.bars("BTC_USDT", hour, NOW, 3))
    assert [bar.ends for bar in found] == [NOW - 2 * hour, NOW - hour, NOW]
    assert desk.exchange.asked("public/get-candlestick") == [
        {"instrument_name": "BTC_USDT", "timeframe": "1h", "count": "4", "end_ts": str(NOW.ms)}
    ]
    desk.exchange.date = NOW - timedelta(seconds=2)
    found = asyncio.run(desk.client.bars("BTC_USDT", hour, NOW, 3))
    assert found[-1].ends == NOW - hour


def test_instruments_join_the_listing_with_the_limits_and_what_was_skipped_can_be_seen() -> None:
    desk = Desk()
    btc = {
        "symbol": "BTC_USDT",
        "inst_type": "CCY_PAIR",
        "base_ccy": "BTC",
        "quote_ccy": "USDT",
        "price_tick_size": "0.01",
        "qty_tick_size": "0.00001",
        "tradable": True,
    }
    config = [{"instrument_name": "BTC", "min_order_notional_usd": "1.0"}]
    desk.exchange.teach("public/get-risk-parameters", {"base_currency_config": config})
    desk.exchange.teach("public/get-instruments", {"data": [btc, {"symbol": 5}]})
    (found,) = asyncio.run(desk.client.instruments())
    assert (found.symbol, found.min_notional) == ("BTC_USDT", Decimal(1))
    assert len(desk.client.skipped["public/get-instruments"]) == 1


def test_without_the_limits_no_instrument_is_given() -> None:
    desk = Desk()
    desk.exchange.teach("public/get-instruments", {"data": []})
    with pytest.raises(Refused):
        asyncio.run(desk.client.instruments())


def test_ticks_account_and_fee_rate() -> None:
    desk = Desk()
    desk.exchange.teach("public/get-tickers", {"data": [{"i": "BTC_USDT", "a": "5", "t": NOW.ms}]})
    wallet = {"total_cash_balance": "7", "total_position_cost": "0", "position_balances": []}
    desk.exchange.teach("private/user-balance", {"data": [wallet]})
    rates = {"effective_spot_maker_rate_bps": "10", "effective_spot_taker_rate_bps": "50"}
    desk.exchange.teach("private/get-fee-rate", rates)
    (tick,) = asyncio.run(desk.client.ticks())
    assert (tick.last, tick.ask) == (Decimal(5), None)
    reading = asyncio.run(desk.client.account())
    assert (reading.equity, reading.as_of) == (Decimal(7), NOW)
    assert asyncio.run(desk.client.fee_rate()) == FeeRate(Decimal("0.001"), Decimal("0.005"))
    assert {verb for verb, method, _, _ in desk.exchange.heard if method.startswith("public")} == {
        "GET"
    }


def test_no_secret_leaves_in_a_body() -> None:
    """Fault B8."""
    desk = Desk()
    desk.exchange.teach("private/create-order", ack(ENTRY))
    place(desk)
    assert all(
        SECRET.reveal() not in json.dumps(sent, default=str) for *_, sent in desk.exchange.heard
    )
    assert SECRET.reveal() not in repr(Credentials(KEY, SECRET))


WALLET = {
    "data": [
        {"total_cash_balance": "1", "total_position_cost": "0", "position_balances": []},
    ]
}


def refused(desk: Desk) -> NotAuthorised:
    with pytest.raises(NotAuthorised) as caught:
        asyncio.run(desk.client.account())
    return caught.value


def test_after_a_refused_question_nothing_private_leaves_for_a_minute() -> None:
    desk = Desk()
    desk.exchange.teach("private/user-balance", No(401, 40101, "Authentication failure", bare=True))
    desk.exchange.teach("public/get-tickers", {"data": []})
    assert refused(desk).code == 40101

    desk.now = NOW + timedelta(seconds=59.9)
    assert refused(desk).code == 40101
    assert desk.client.shut_until() == NOW + timedelta(seconds=60)
    assert isinstance(place(desk), NotSent)
    with pytest.raises(NotAuthorised):
        asyncio.run(desk.client.open_orders(advanced=False))
    assert len(desk.exchange.heard) == 1
    assert asyncio.run(desk.client.ticks()) == ()

    desk.now = NOW + timedelta(seconds=60)
    desk.exchange.teach("private/user-balance", WALLET)
    assert desk.client.shut_until() is None
    assert asyncio.run(desk.client.account()).equity == 1


def test_a_refused_act_shuts_the_acts_which_nobody_refuses_then_and_leaves_questions_open() -> None:
    desk = Desk()
    desk.exchange.teach("private/create-order", No(401, 40101, bare=True))
    desk.exchange.teach("private/user-balance", WALLET)

    answers = [place(desk), place(desk), asyncio.run(desk.client.cancel(ENTRY, NONCE + 1))]

    assert [type(answer) for answer in answers] == [NotAuthorised, NotSent, NotSent]
    assert asyncio.run(desk.client.account()).equity == 1
    assert [method for _, method, _, _ in desk.exchange.heard] == [
        "private/create-order",
        "private/user-balance",
    ]
    desk.now = NOW + timedelta(seconds=60)
    desk.exchange.teach("private/create-order", ack(ENTRY))
    assert place(desk) == Accepted("42")


def test_a_refusal_of_another_kind_shuts_nothing() -> None:
    desk = Desk()
    desk.exchange.teach("private/user-balance", No(429, 42901))
    for _ in range(3):
        with pytest.raises(Refused):
            asyncio.run(desk.client.account())
    assert len(desk.exchange.heard) == 3


def test_who_is_shut_out_knows_the_circumstances() -> None:
    desk = Desk()
    desk.exchange.date = NOW + timedelta(seconds=61)
    desk.exchange.teach("private/user-balance", No(401, 40103, "IP_ILLEGAL"))

    known = refused(desk).circumstances

    assert known == Circumstances(
        method="private/user-balance",
        status=401,
        offset=timedelta(seconds=61),
        fingerprint=KEY.fingerprint(),
        signer_works=True,
    )


def test_an_exchange_that_echoes_our_secret_is_not_quoted() -> None:
    desk = Desk()
    echo = f"no balance for {SECRET.reveal()} or {SECRET.reveal()}"
    desk.exchange.teach("private/create-order", No(400, 306, echo))
    desk.exchange.teach("private/user-balance", No(401, 40101, echo))

    refused = place(desk)
    with pytest.raises(NotAuthorised) as shut_out:
        asyncio.run(desk.client.account())

    assert isinstance(refused, Refused)
    assert refused.message == "no balance for *** or ***"
    assert SECRET.reveal() not in str(shut_out.value)


def test_a_key_too_short_to_be_one_is_not_cut_out_of_true_words() -> None:
    desk = Desk()
    desk.exchange.teach("private/create-order", No(400, 306, f"{KEY.reveal()} is too short"))

    refused = place(desk)

    assert isinstance(refused, Refused)
    assert refused.message == "the-key is too short"


@pytest.mark.parametrize(
    ("date", "took", "ahead"),
    [
        (0, 0, 0),
        (-1, 0, 0),
        (-1.001, 0, -0.001),
        (0.25, 0.25, 0),
        (0.26, 0.25, 0.01),
        (7, 2, 5),
        (-8, 2, -7),
    ],
)
def test_the_clocks_differ_by_the_least_that_explains_a_date_of_whole_seconds(
    date: float, took: float, ahead: float
) -> None:
    told, answered = NOW + timedelta(seconds=date), NOW + timedelta(seconds=took)

    assert offset(told, NOW, answered) == timedelta(seconds=ahead)


def test_a_reading_of_the_wallet_tells_how_far_the_exchanges_clock_is_ahead() -> None:
    desk = Desk()
    wallet = {"total_cash_balance": "5", "total_position_cost": "0", "position_balances": []}
    desk.exchange.teach("private/user-balance", {"data": [wallet]})
    assert asyncio.run(desk.client.account()).clock_offset is None
    desk.exchange.date = NOW + timedelta(seconds=9)
    assert asyncio.run(desk.client.account()).clock_offset == timedelta(seconds=9)


def test_a_row_without_margin_leaves_as_spot_and_names_no_leverage_on_the_wire() -> None:
    """Fault G4."""
    for ticked, leverage in itertools.product([False, True], [None, Decimal(3)]):
        row = making.row(trade_on_margin=ticked, leverage=leverage)
        occasion = Occasion(making.signal(), row, PRESETS["trend-dip"], MARKET)
        ruling = wish_entry(occasion, making.standing(), {}, TERMS)
        desk = Desk()
        if ruling.intent is None:
            assert (ticked, leverage) == (True, None)  # never "spot instead"
            continue
        place(desk, ruling.intent)
        (sent,) = desk.exchange.asked("private/create-order")
        assert (sent["spot_margin"], sent.get("leverage")) == (
            ("MARGIN", "3") if ticked else ("SPOT", None)
        )
        assert not {"isolation_id", "isolated_margin_amount", "exec_inst"} & set(sent)


def test_an_order_that_was_renamed_by_hand_is_known_by_the_exchanges_own_id() -> None:
    desk = Desk()
    ours = replace(ENTRY, order_id="42")
    desk.exchange.teach("private/get-order-detail", row(ENTRY) | {"client_oid": "by-hand"})

    fact = asyncio.run(desk.client.order(ours))

    assert isinstance(fact, OrderFact)
    assert fact.client_oid == ENTRY.client_oid
    with pytest.raises(Unreachable):
        asyncio.run(desk.client.order(replace(ENTRY, order_id="43")))


class Slow(FewWords):
    """It answers nobody until the gate opens."""

    def __init__(self, gate: asyncio.Event) -> None:
        super().__init__()
        self.gate = gate

    @override
    async def request(self, verb: str, path: str, body: bytes, gate: Gate = open_gate) -> Reply:
        gate()
        await self.gate.wait()
        return await super().request(verb, path, body)


def test_an_act_that_is_starved_is_not_sent() -> None:
    async def crowd() -> Answer:
        gate = asyncio.Event()
        client = CryptoComExchange(Slow(gate), Credentials(KEY, SECRET), lambda: NOW)
        sent = [asyncio.create_task(client.place(ENTRY, NONCE + n)) for n in range(13)]
        done, waiting = await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
        gate.set()
        await asyncio.wait(waiting)
        return done.pop().result()

    assert isinstance(asyncio.run(crowd()), NotSent)
