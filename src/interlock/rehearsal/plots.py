"""Plots: things that strike only together, or only at one place, so that chance alone would seldom bring them about."""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType
from typing import Any, Final

from interlock.rehearsal.kinds import (
    ANY,
    AT_A_SEAM,
    CANCELS,
    COUNTED,
    CREATE,
    SEAMS,
    STOP,
    Acts,
    Stage,
    Steps,
    hand,
    one_symbol,
    transfer,
)
from interlock.rehearsal.schedule import Act
from interlock.rehearsal.script import PAIR

Plotted = tuple[Steps, Acts]


AT_ORDERS: Final[Mapping[str, tuple[object, ...]]] = MappingProxyType(
    {
        "lose_request": (),
        "lose_answer": (),
        "hold_answer": (),
        "cut_answer": (),
        "truncate": (),
        "content_type": (),
        "other_typing": (),
        "http_502": (),
        "http_502_before": (),
        "accept_late": (),
        "accept_late_502": (),
        "refuse_after": (50001, 40801, 204),
        "refuse": (306, 308, 213, 609, 204, 204, 50001, 40801, 42901),
        "reject_later": (306, 315),
    }
)
"""What may become of a request that acts, and with which codes."""


def _arms(chance: Random, methods: tuple[str, ...], count: int) -> dict[str, Any]:
    """One of those, for the next requests of one method."""
    fault = chance.choice(tuple(AT_ORDERS))
    said: dict[str, Any] = {"fault": fault, "method": chance.choice(methods), "count": count}
    if AT_ORDERS[fault]:
        said["code"] = chance.choice(AT_ORDERS[fault])
    if fault.startswith("accept_late"):
        said["by_seconds"] = chance.choice((1, 10, 30, 55))
    return {"arm": said}


def _an_order_goes_wrong(chance: Random, stage: Stage) -> Plotted:
    del stage
    return [_arms(chance, (CREATE, CREATE, PAIR, STOP), chance.choice((1, 1, 2, 5)))], []


def _a_cancel_goes_wrong(chance: Random, stage: Stage) -> Plotted:
    """Everything is to be sold, and the cancel of the pair meets something, or finds nothing."""
    first = _arms(chance, CANCELS[2:], chance.choice((1, 2)))
    if chance.random() < COUNTED / 2:
        code = chance.choice((212, 316))
        first = {"arm": {"fault": "refuse", "method": CANCELS[2], "count": 1, "code": code}}
    acts = [_left(chance, stage)]
    if chance.random() < AT_A_SEAM:
        seam = chance.choice(("books.cancel_attempt is done", f"sent {CANCELS[2]}"))
        acts.append(Act(0.0, "down", on=seam))
    return [first], acts


def _a_lone_stop_is_cancelled(chance: Random, stage: Stage) -> Plotted:
    """No pair is taken; the stop alone is cancelled for a sale, and the market is faster."""
    alone = {"arm": {"fault": "refuse", "method": PAIR, "count": 9, "code": 140001}}
    fault = chance.choice(("fill_before_cancel", "fill_after_cancel", "lose_answer"))
    faster = {"arm": {"fault": fault, "method": CANCELS[1], "count": chance.choice((1, 2))}}
    return [alone, faster], [_left(chance, stage)]


def _unseen_and_lost(chance: Random, stage: Stage) -> Plotted:
    """An order is accepted, its answer is lost, and for some time nobody is shown it: it is asked for again."""
    del stage
    lost = {"fault": "lose_answer", "method": PAIR, "count": 1}
    lag = {"fault": "lag", "method": ANY, "seconds": 60, "by_seconds": chance.choice((20, 30, 45))}
    return [{"arm": lost}, {"on": PAIR, "arm": lag}], []


def _dead_at_a_seam(chance: Random, stage: Stage) -> Plotted:
    """The process dies exactly there, once or several times, or within the transaction that begins there."""
    seams = chance.sample(SEAMS, chance.choice((1, 1, 2, 3)))
    acts = [Act(0.0, "down", on=seam, nth=chance.choice((1, 1, 2))) for seam in seams]
    if chance.random() < AT_A_SEAM:
        within = chance.choice(("books.rule begins", "books.learn begins"))
        acts = [Act(0.0, "torn", 1.0, on=within, nth=chance.choice((1, 1, 2, 3)))]
    leaves = [_left(chance, stage)] if chance.random() < AT_A_SEAM else []
    return [], [*acts, *leaves]


def _dead_around_the_order(chance: Random, stage: Stage) -> Plotted:
    """The process dies before, within, or right after what makes an order."""
    del stage
    seam = chance.choice(SEAMS[:6])
    nth = chance.choice((1, 1, 1, 2))
    word = "torn" if seam == SEAMS[0] and chance.random() < COUNTED else "down"
    return [], [Act(0.0, word, float(word == "torn"), on=seam, nth=nth)]


def _dead_with_executions(chance: Random, stage: Stage) -> Plotted:
    """The process dies with executions that were told, before or within what books them."""
    del stage
    places = (("answered private/get-trades", 2), ("books.learn begins", 4), ("hear a frame", 14))
    seam, last = chance.choice(places)
    nth = chance.randint(1, last)
    word = "torn" if seam == "books.learn begins" and chance.random() < COUNTED else "down"
    return [], [Act(0.0, word, float(word == "torn"), on=seam, nth=nth)]


def _another_trades(chance: Random, stage: Stage) -> Plotted:
    """Somebody else trades on the account, where that can be booked in time; else an order goes wrong."""
    if not stage.has_hands:
        return _an_order_goes_wrong(chance, stage)
    moves = transfer("500", "-500")(chance, stage) if chance.random() < AT_A_SEAM else []
    return [*hand(chance, stage), *hand(chance, stage), *moves], []


def _switched_meanwhile(chance: Random, stage: Stage) -> Plotted:
    """The owner decides otherwise while a request is on its way."""
    del stage
    word = chance.choice(("kill", "kill", "pause", "lower", "rotate", "leave"))
    on = chance.choice(("books.rule is done", f"send {CREATE}", f"sent {CREATE}", f"sent {PAIR}"))
    return [], [Act(0.0, word, on=on, nth=chance.choice((1, 1, 2)))]


def _no_right_to_act(chance: Random, stage: Stage) -> Plotted:
    """The key may only look, from the beginning or from the entry on; the wallet is read all the same."""
    del stage
    when: dict[str, Any] = chance.choice(({}, {"on": "accept"}))
    until = {"after": f"{chance.choice((20, 60))}s"}
    return [
        {**when, "key": {"permission": "read"}},
        {**when, **until, "key": {"permission": "trade"}},
    ], []


def _little_money(chance: Random, stage: Stage) -> Plotted:
    """What one buys, another lacks; or the money goes after the wallet was read."""
    goes = {"currency": "USDT", "amount": chance.choice(("-9780", "-9850"))}
    if stage.has_hands:
        return [{"on": CREATE, "transfer": goes | {"amount": "-9950"}}], []
    return [{"transfer": goes}], []


def _bad_grid(chance: Random, stage: Stage) -> Plotted:
    """The list of instruments says something else than what was known."""
    grids = ({"lot": "1000"}, {"lot": "10"}, {"tick": "0.01"})
    said = {"symbol": one_symbol(chance, stage)} | chance.choice(grids)
    return [{"grid": said}], []


def _left(chance: Random, stage: Stage) -> Act:
    return Act(round(chance.uniform(14, max(20, stage.chaos)), 3), "leave")


PLOTS: Final[Mapping[str, Callable[[Random, Stage], tuple[Steps, Acts]]]] = MappingProxyType(
    {
        "an order goes wrong": _an_order_goes_wrong,
        "another order goes wrong": _an_order_goes_wrong,
        "a third order goes wrong": _an_order_goes_wrong,
        "another trades": _another_trades,
        "a cancel goes wrong": _a_cancel_goes_wrong,
        "a lone stop is cancelled": _a_lone_stop_is_cancelled,
        "unseen and lost": _unseen_and_lost,
        "dead at a seam": _dead_at_a_seam,
        "dead around the order": _dead_around_the_order,
        "dead with executions": _dead_with_executions,
        "switched meanwhile": _switched_meanwhile,
        "no right to act": _no_right_to_act,
        "little money": _little_money,
        "bad grid": _bad_grid,
    }
)
"""Things that strike only together, or only at one place."""
