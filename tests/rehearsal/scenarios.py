"""What goes wrong while a lot is bought, guarded and sold: one table of scenarios, each survived with a death at any of its seams.

A scenario is a script of the market, what is done to the exchange in the words of its scenario files, and what the owner does meanwhile.
It is judged by the exchange's own books; `lost` names the one promise that a scenario is about to break from outside.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from interlock.rehearsal.script import (
    BOUGHT,
    BY_STOP,
    LEFT,
    LENT,
    LONG,
    PAIR,
    REPAID,
    SOLD,
    WHOLE,
    Script,
    market_before,
    stage,
)
from interlock.rehearsal.world import World
from interlock.simulator.scenes.play import Play
from interlock.simulator.scenes.scene import read
from interlock.simulator.scenes.words import Stage

ENTRY: Final = "private/create-order"
STOP: Final = "private/advanced/create-order"
CANCEL: Final = "private/advanced/cancel-oco"
STOPPED: Final = BY_STOP
KILLED: Final = timedelta(seconds=14)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A script, and the steps that are done to the exchange meanwhile (TOML, as in a scenario file)."""

    name: str
    script: Script
    steps: tuple[str, ...] = ()
    meanwhile: Callable[[World], None] | None = None

    def staged(self, crashes: frozenset[int] = frozenset()) -> World:
        """A world in which it is about to be played, with crashes at these seams."""
        return self._begun(crashes)[0]

    def played(self) -> tuple[World, list[dict[str, Any]]]:
        """The world after an undisturbed life, and what came of each step."""
        world, play = self._begun(frozenset())
        world.run()
        return world, play.row()["steps"]

    def _begun(self, crashes: frozenset[int]) -> tuple[World, Play]:
        world = stage(self.script, crashes=crashes)
        world.market = market_before(self.script.start).copied()
        text = f'title = "{self.name}"\nproves = "-"\nstep = [{", ".join(self.steps)}]'
        play = Play(read(text, self.name), Stage(world.engine))
        if self.meanwhile is not None:
            self.meanwhile(world)
        return world, play


def arm(fault: str, method: str, when: str = "", **more: object) -> str:
    """A step that arms a fault; `when` is a time or a cue, as TOML."""
    said = "".join(f", {name} = {value}" for name, value in more.items())
    start = f"{when}, " if when else ""
    return f'{{{start}arm = {{fault = "{fault}", method = "{method}"{said}}}}}'


def killed(world: World) -> None:
    """The owner kills fourteen seconds after the beginning: the entry has left, and its lot may be bare yet."""
    before = world.meanwhile, world.after

    def kill() -> None:
        world.open_books().switch("owner", "enough", world.now(), mode=None, kill=True)
        if before[0] is not None:
            world.loop.call_later((before[1] - KILLED).total_seconds(), before[0])

    world.after, world.meanwhile = KILLED, kill


def do(when: str, word: str, **said: object) -> str:
    """A step that says another word."""
    body = ", ".join(f"{name} = {value}" for name, value in said.items())
    return f"{{{when}, {word} = {{{body}}}}}"


ON_ACCEPT: Final = 'on = "accept"'
SOON: Final = 'on = "accept", after = "3s"'
LATER: Final = 'on = "accept", after = "90s"'
SYMBOL: Final = '"XRP_USDT"'

NO_PAIR: Final = arm("refuse", PAIR, count=99, code=140001)

SCENARIOS: Final = (
    # on margin
    Scenario("interest is booked", LENT),
    Scenario("margin entry, stop and sale", REPAID),
    Scenario("margin refused 609 and locked", LENT, (arm("refuse", ENTRY, code=609),)),
    Scenario(
        "margin call blocks entries and lets sales through",
        REPAID,
        (do(LATER, "margin_call", on="true"),),
    ),
    Scenario("a margin call refuses the entry", LENT, ("{margin_call = {on = true}}",)),
    Scenario("a margin entry is refused for its funds", LENT, (arm("refuse", ENTRY, code=306),)),
    Scenario(
        "the journal is silent when interest is charged",
        replace(LENT, name="lent long", hours=2.4),
        (arm("lose_answer", "private/get-transactions", SOON, count=1),),
    ),
    # on spot
    Scenario("bought", BOUGHT),
    Scenario("bought whole", WHOLE),
    Scenario("sold at its target", SOLD),
    Scenario("stopped", STOPPED),
    # the entry
    Scenario("the entry is lost on its way", BOUGHT, (arm("lose_request", ENTRY),)),
    Scenario("the entry's answer is lost", BOUGHT, (arm("lose_answer", ENTRY),)),
    Scenario("the entry's answer is withheld", BOUGHT, (arm("hold_answer", ENTRY),)),
    Scenario("the entry's answer is cut short", BOUGHT, (arm("cut_answer", ENTRY),)),
    Scenario("the entry's answer is truncated", BOUGHT, (arm("truncate", ENTRY),)),
    Scenario("502 after the entry was accepted", BOUGHT, (arm("http_502", ENTRY),)),
    Scenario("502 before the entry was accepted", BOUGHT, (arm("http_502_before", ENTRY),)),
    Scenario("50001 after the entry was accepted", BOUGHT, (arm("refuse_after", ENTRY),)),
    Scenario(
        "40801 after the entry was accepted", BOUGHT, (arm("refuse_after", ENTRY, code=40801),)
    ),
    Scenario("40801 and nothing accepted", BOUGHT, (arm("refuse", ENTRY, code=40801),)),
    Scenario(
        "the entry is accepted 45 s late", BOUGHT, (arm("accept_late", ENTRY, by_seconds=45),)
    ),
    Scenario(
        "the entry is accepted 20 s after a 502",
        BOUGHT,
        (arm("accept_late_502", ENTRY, by_seconds=20),),
    ),
    Scenario("the entry is asked for too soon", BOUGHT, (arm("refuse", ENTRY, code=42901),)),
    Scenario("the entry is refused for its funds", BOUGHT, (arm("refuse", ENTRY, code=306),)),
    Scenario("the entry's id is called used", BOUGHT, (arm("refuse_after", ENTRY, code=204),)),
    # the pair of stop and target, and the stop alone
    Scenario("the pair is lost on its way", BOUGHT, (arm("lose_request", PAIR),)),
    Scenario("the pair's answer is lost", BOUGHT, (arm("lose_answer", PAIR),)),
    Scenario("the pair's answer is lost twice", BOUGHT, (arm("lose_answer", PAIR, count=2),)),
    Scenario("502 after the pair was accepted", BOUGHT, (arm("http_502", PAIR),)),
    Scenario("the pair is accepted 20 s late", BOUGHT, (arm("accept_late", PAIR, by_seconds=20),)),
    Scenario("the pair is asked for too soon", BOUGHT, (arm("refuse", PAIR, code=42901),)),
    Scenario(
        "two pairs in a row are asked for too soon",
        BOUGHT,
        (arm("refuse", PAIR, count=2, code=42901),),
    ),
    Scenario("the pair is refused", BOUGHT, (NO_PAIR,)),
    Scenario("a lone stop is lost on its way", BOUGHT, (NO_PAIR, arm("lose_request", STOP))),
    Scenario("a lone stop's answer is lost", BOUGHT, (NO_PAIR, arm("lose_answer", STOP))),
    Scenario(
        "a lone stop is accepted 20 s late",
        BOUGHT,
        (NO_PAIR, arm("accept_late", STOP, by_seconds=20)),
    ),
    Scenario(
        "pair and stop are refused",
        BOUGHT,
        (NO_PAIR, arm("refuse", STOP, count=99, code=140001)),
    ),
    # the exit
    Scenario("the cancel of the pair is lost", LEFT, (arm("lose_request", CANCEL),)),
    Scenario("the cancel's answer is lost", LEFT, (arm("lose_answer", CANCEL),)),
    Scenario(
        "the sale's answer is lost",
        LEFT,
        (arm("lose_answer", ENTRY, f'on = "{CANCEL}"'),),
    ),
    Scenario(
        "502 after the sale was accepted", LEFT, (arm("http_502", ENTRY, f'on = "{CANCEL}"'),)
    ),
    Scenario(
        "the sale is refused once", LEFT, (arm("refuse", ENTRY, f'on = "{CANCEL}"', code=315),)
    ),
    Scenario(
        "the sale comes 20 s late",
        LEFT,
        (arm("accept_late", ENTRY, f'on = "{CANCEL}"', by_seconds=20),),
    ),
    Scenario("sold by a signal", LEFT),
    Scenario("the cancel of the pair is refused once", LEFT, (arm("refuse", CANCEL, code=212),)),
    # what is read
    Scenario(
        "orders are seen 10 s late",
        BOUGHT,
        (arm("lag", "private/get-order-detail", seconds=600, by_seconds=10),),
    ),
    Scenario(
        "the lists of stops lag by 8 s",
        BOUGHT,
        (arm("lag", "private/advanced/get-open-orders", seconds=600, by_seconds=8),),
    ),
    Scenario(
        "executions are seen 10 s late",
        BOUGHT,
        (arm("lag", "private/get-trades", seconds=600, by_seconds=10),),
    ),
    Scenario(
        "the wallet is seen 10 s late",
        BOUGHT,
        (arm("lag", "private/user-balance", seconds=600, by_seconds=10),),
    ),
    Scenario(
        "every question is asked too soon for 20 s",
        BOUGHT,
        (arm("refuse", "*", ON_ACCEPT, seconds=20, code=42901),),
    ),
    Scenario(
        "every answer is lost for 20 s", BOUGHT, (arm("lose_answer", "*", ON_ACCEPT, seconds=20),)
    ),
    Scenario(
        "answers name things that nobody announced",
        BOUGHT,
        (arm("extra_field", "*", seconds=3600),),
    ),
    Scenario(
        "the wallet drifts by its last digit",
        BOUGHT,
        (arm("drift", "private/user-balance", SOON, seconds=3600),),
    ),
    # the exchange and its market
    Scenario(
        "maintenance for three minutes", BOUGHT, (arm("maintenance", "*", ON_ACCEPT, seconds=180),)
    ),
    Scenario("the exchange restarts", BOUGHT, (do(ON_ACCEPT, "restart", seconds=30),)),
    Scenario(
        "the exchange's clock is 90 s ahead for a minute",
        BOUGHT,
        (arm("clock_skew", "*", ON_ACCEPT, seconds=60, by_seconds=90),),
    ),
    Scenario(
        "the key is revoked for two minutes",
        BOUGHT,
        (
            do(ON_ACCEPT, "key", revoked="true"),
            do('on = "accept", after = "123s"', "key", revoked="false"),
        ),
    ),
    Scenario(
        "the address is removed for two minutes",
        BOUGHT,
        (
            do(ON_ACCEPT, "allowlist", addresses="[]"),
            do('on = "accept", after = "123s"', "allowlist", addresses='["127.0.0.1"]'),
        ),
    ),
    Scenario(
        "the market halts for two minutes",
        BOUGHT,
        (
            do(ON_ACCEPT, "halt", symbol=SYMBOL),
            do('on = "accept", after = "120s"', "resume", symbol=SYMBOL),
        ),
    ),
    Scenario(
        "the market is thin when it is sold", SOLD, (do(LATER, "thin", symbol=SYMBOL, depth=20),)
    ),
    Scenario("the price data freeze", BOUGHT, (do(SOON, "freeze"),)),
    # people
    Scenario(
        "a person buys by hand",
        LONG,
        (
            do(
                LATER,
                "hand",
                method=f'"{ENTRY}"',
                params='{instrument_name = "XRP_USDT", side = "BUY", type = "MARKET", quantity = "50"}',
            ),
        ),
    ),
    Scenario("money comes in", LONG, (do(LATER, "transfer", currency='"USDT"', amount='"500"'),)),
    Scenario(
        "money is taken out", LONG, (do(LATER, "transfer", currency='"USDT"', amount='"-500"'),)
    ),
    Scenario("the owner kills when the lot is bought", BOUGHT, meanwhile=killed),
    Scenario("the owner kills before the sale", LEFT, meanwhile=killed),
)
