"""Each switch, and both of its answers as a client sees them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from interlock.errors import BadInput
from interlock.protocol.crypto_com.signing import renderings
from interlock.simulator.switches import AS_SEEN, Switches, switches_of, values
from tests.rooms.simulator.person import BTC, COIN, FALLING, START, Person, exchange
from tests.rooms.simulator.sockets import STEPPING, World, run

HOUR = timedelta(hours=1)
LEG = {"instrument_name": BTC, "side": "BUY", "type": "LIMIT", "quantity": "0.001"}


def person(*switches: str, **options: Any) -> Person:  # noqa: ANN401 - whatever an exchange is made of
    """Somebody with dollars and one coin at an exchange that is switched so."""
    held = {"balances": {"USDT": "10000", COIN: "1"}}
    return Person(exchange(**(held | options), switches=switches_of(switches)))


def rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer["result"]["data"]
    return found


def code_of(someone: Person, method: str, **params: object) -> tuple[int, int | None]:
    """Code and HTTP status."""
    return int(someone.ask(method, **params)["code"]), someone.last


def block(someone: Person) -> object:
    someone.engine.access.allow(["127.0.0.9"])
    return code_of(someone, "user-balance")


def status(someone: Person) -> object:
    return code_of(someone, "get-order-detail", order_id="1")


def nested(someone: Person) -> object:
    """Which of the two signatures of a list with an instruction in it are taken."""
    leg = LEG | {"price": "40000", "exec_inst": ["POST_ONLY"]}
    params = {"contingency_type": "LIST", "order_list": [leg]}
    return [_signed_as(someone, text, params) for text in renderings(params)]


def _signed_as(someone: Person, text: str, params: Mapping[str, object]) -> int:
    """The code for a list that is signed by this text: a parameter without a name signs as its own text."""
    method, nonce = "private/create-order-list", str(someone.engine.now.ms)
    someone.count += 1
    body = someone.signed(method, {"": text})
    sent = json.loads(body) | {"params": params, "nonce": int(nonce)}
    return int(someone.send("POST", f"/exchange/v1/{method}", json.dumps(sent).encode())["code"])


def same_nonce(someone: Person) -> object:
    body = someone.signed("private/get-positions", {})
    sent = [someone.send("POST", "/exchange/v1/private/get-positions", body) for _ in range(2)]
    return [each["code"] for each in sent]


def again(someone: Person) -> object:
    """A name that is used again: at once, with another instrument, after a day and an hour."""
    someone.buy(price="40000", client_oid="n")
    at_once = someone.buy(price="40000", client_oid="n")["code"]
    someone.engine.advance(START + 25 * HOUR)
    return at_once, someone.buy(price="40000", client_oid="n")["code"]


def unfunded(someone: Person) -> object:
    return someone.buy(price="40000")["code"]


def remainder(someone: Person) -> object:
    made = someone.buy("0.002", time_in_force="IMMEDIATE_OR_CANCEL")
    return someone.detail(made)["status"]


def history(someone: Person) -> object:
    for name in ("a", "b", "c"):
        someone.buy(client_oid=name)
    page, deals = someone.ask("get-order-history"), someone.ask("get-trades")
    named = [[row["client_oid"] for row in rows(each)] for each in (page, deals)]
    two = rows(someone.ask("get-order-history", limit=2))
    # All three were made in one millisecond: the page ends between equals, and which it holds does not change.
    assert sorted(row["client_oid"] for row in two) == ["b", "c"]
    assert len({row["create_time"] for row in two}) == 1
    assert named[0] == named[1]
    return named[0]


def far(someone: Person) -> object:
    return someone.buy(price="40000")["code"]


def child(someone: Person) -> object:
    """Whether what a trigger became is found under the trigger's id, and the trigger names it."""
    own = someone.stop("49000")["result"]["order_id"]
    someone.engine.advance(START + 5 * HOUR)
    detail = someone.ask("get-order-detail", order_id=own)
    trigger = someone.ask("advanced/get-order-detail", order_id=own)["result"]
    deal = rows(someone.ask("get-trades", start_time=START.ms))[0]
    assert deal["order_id"] == trigger["exchange_order_id"]
    return detail["code"], trigger["exchange_order_id"] == own


def cancelled(someone: Person) -> object:
    someone.stop("49000")
    someone.ask("cancel-all-orders")
    return len(rows(someone.ask("advanced/get-open-orders")))


def held_back(someone: Person) -> object:
    someone.buy("0.1", price="40000")
    return str(someone.reserved("USDT").normalize() + 0)


def types(someone: Person) -> object:
    made = someone.buy(price="40000")
    row = rows(someone.ask("get-open-orders"))[0]
    listed = rows(someone.get("get-instruments"))[0]
    return [type(each) for each in (made["id"], made["code"], row["create_time"])], type(
        listed["quote_decimals"]
    )


def leverage(someone: Person) -> object:
    return someone.buy(price="40000", leverage="2")["code"]


def reserved(someone: Person) -> object:
    someone.buy("0.1", price="40000")
    coin = rows(someone.ask("user-balance"))[0]["position_balances"][1]
    return coin["instrument_name"], coin["reserved_qty"], coin["market_value"]


def unknown(someone: Person) -> object:
    return code_of(someone, "cancel-order", order_id="1")


def fee(someone: Person) -> object:
    """What an order and its trade say of a fee that is paid in quote."""
    made = someone.buy("0.1", fee_instrument_name="USDT")
    deal = rows(someone.ask("get-trades"))[0]
    return someone.detail(made)["cumulative_fee"], deal["fees"]


def tape(someone: Person) -> object:
    told = rows(someone.get(f"get-trades?instrument_name={BTC}"))
    return told[0]["t"] > told[-1]["t"]


def old_trigger(someone: Person) -> object:
    code = someone.order("SELL", "0.01", type="STOP_LOSS", ref_price="49000")["code"]
    return code, len(rows(someone.ask("advanced/get-open-orders")))


def silent(someone: Person) -> object:
    made = someone.stop("49000")["result"]["order_id"]
    code = someone.ask("cancel-order", order_id=made)["code"]
    return code, len(rows(someone.ask("advanced/get-open-orders")))


OBSERVED = ([int, int, int], int)
STRINGS = ([str, str, str], str)
SEEN: dict[str, tuple[Callable[[Person], object], dict[str, object]]] = {
    "ip_block_style": (block, {"40101": (40101, 401), "40103": (40103, 401)}),
    "status_style": (status, {"documented": (40401, 200), "observed": (40401, 404)}),
    "nested_exec_inst": (
        nested,
        {"both": [0, 0], "brackets": [40101, 0], "plain": [0, 40101]},
    ),
    "duplicate_nonce": (same_nonce, {"accept": [0, 0], "reject": [0, 40006]}),
    "client_oid_scope": (
        again,
        {"forever": (204, 204), "per_instrument": (204, 204), "one_day": (204, 0)},
    ),
    "spot_margin_default": (unfunded, {"SPOT": 0, "MARGIN": 416}),
    "tif_terminal_status": (remainder, {"CANCELED": "CANCELED", "EXPIRED": "EXPIRED"}),
    "history_order": (
        history,
        {"newest": ["c", "b", "a"], "oldest": ["a", "b", "c"], "shuffled": ["b", "c", "a"]},
    ),
    "price_band": (far, {"0.5": 0, "0.1": 315}),
    "trigger_child_id": (child, {"separate": (40401, False), "same": (0, True)}),
    "cancel_all_reaches_triggers": (cancelled, {"off": 1, "on": 0}),
    "buy_reserve": (held_back, {"value": "4000", "value_and_fee": "4020"}),
    "typing": (types, {"observed": OBSERVED, "strings": STRINGS}),
    "bare_leverage": (leverage, {"ignore": 0, "reject": 40004, "margin": 416}),
    "reserved_qty_style": (
        reserved,
        {"filled": ("USDT", "4000", "6000"), "zero": ("USDT", "0", "6000")},
    ),
    "cancel_unknown_code": (
        unknown,
        {"212": (212, 500), "316": (316, 500), "40401": (40401, 200)},
    ),
    "cumulative_fee_unit": (fee, {"base": ("0.0005", "-25.0025"), "paid": ("25.0025", "-25.0025")}),
    "public_trades_order": (tape, {"newest": True, "oldest": False}),
    "legacy_triggers": (old_trigger, {"off": (140001, 0), "on": (0, 1)}),
    "silent_trigger_cancel": (silent, {"off": (212, 1), "on": (0, 1)}),
}
# Those are seen on a socket alone.
ON_SOCKETS = {"advanced_channel_name", "bad_channel_code"}
MARKETS: dict[str, dict[str, Any]] = {
    "trigger_child_id": {"series": FALLING},
    "tif_terminal_status": {"depth": "0.001"},
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (_, seen) in SEEN.items() for value in seen]
)
def test_a_client_sees_what_a_switch_says(name: str, value: str) -> None:
    look, seen = SEEN[name]

    found = look(person(f"{name}={value}", **MARKETS.get(name, {})))

    assert found == seen[value]
    if name != "price_band":
        assert tuple(seen) == values(name)


def test_every_switch_is_looked_at() -> None:
    assert {each.name for each in fields(Switches)} == SEEN.keys() | ON_SOCKETS


@pytest.mark.parametrize("name", values("advanced_channel_name"))
def test_news_of_triggers_name_their_channel_as_the_switch_says(name: str) -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.advance.order")
            stop = LEG | {"side": "BUY", "type": "STOP_LOSS", "ref_price": "90000"}
            await world.ask("private/advanced/create-order", **stop)
            told = (await client.hear())["result"]

        assert (told["channel"], told["subscription"]) == (name, f"{name}.{BTC}")

    run(test, replace(STEPPING, switches=switches_of([f"advanced_channel_name={name}"])))


@pytest.mark.parametrize("code", values("bad_channel_code"))
def test_a_channel_that_there_is_not_is_refused_with_the_code_of_the_switch(code: str) -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            answer = await client.ask("subscribe", params={"channels": ["nonsense"]})

        assert (answer["code"], answer["message"]) == (int(code), "invalid channel")

    run(test, replace(STEPPING, switches=switches_of([f"bad_channel_code={code}"])))


def test_a_name_is_used_up_with_one_instrument_where_the_switch_says_so() -> None:
    for scope, code in (("forever", 204), ("per_instrument", 309)):
        someone = person(f"client_oid_scope={scope}")
        someone.buy(price="40000", client_oid="n")
        # The other instrument has no price here; that is found after the name.
        other = someone.buy(price="2000", client_oid="n", instrument_name="ETH_USDT")

        assert other["code"] == code


def test_a_switch_or_a_value_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadInput, match="there are ip_block_style, status_style"):
        switches_of(["nonsense=1"])
    with pytest.raises(BadInput, match="typing is one of observed, strings, not 'x'"):
        switches_of(["typing=x"])
    for text in ("price_band=0", "price_band=x", "price_band"):
        with pytest.raises(BadInput):
            switches_of([text])
    assert switches_of([]) == AS_SEEN
    assert switches_of(["price_band=0.2"]).price_band == Decimal("0.2")
