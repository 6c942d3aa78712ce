"""What was recorded of each symbol, bars or trades, as a replay. Of trades the replay has those prints and no others."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final

import numpy as np
from typing_extensions import override

from interlock.errors import BadInput
from interlock.market import Bar
from interlock.matching import Direction
from interlock.simulator.config import Config
from interlock.simulator.market.listing import Listed
from interlock.simulator.market.prints import Print
from interlock.simulator.market.replay import Replay
from interlock.simulator.recordings import Series, Tape
from interlock.values import Instant, Side

MINUTE: Final = timedelta(minutes=1)
MINUTE_MS: Final = 60_000


def replays_of(config: Config, instruments: Mapping[str, Listed]) -> dict[str, Replay]:
    """Every recording by its symbol: along a path inside of bars, or from trade to trade."""
    unlisted = sorted(set(config.replay) - set(instruments))
    if unlisted:
        raise BadInput(f"{', '.join(unlisted)} is not listed and cannot be replayed.")
    return {
        symbol: TapeReplay(instruments[symbol], recording)
        if isinstance(recording, Tape)
        else Replay(instruments[symbol], recording, config.path_seed)
        for symbol, recording in sorted(config.replay.items())
    }


class TapeReplay(Replay):
    """One symbol's recorded trades: the price is that of the last one, and what stands is as much as it exchanged."""

    def __init__(self, listed: Listed, tape: Tape) -> None:
        self._prints: Final = prints_of(tape)
        super().__init__(listed, minutes(self._prints, tape.symbol))
        self._times: Final = [each.at for each in self._prints]

    def _count(self, now: Instant) -> int:
        """How many trades there were by now."""
        return bisect_right(self._times, now)

    @override
    def price(self, now: Instant) -> tuple[Decimal, Instant] | None:
        """The price of the newest trade, and when it was made."""
        count = self._count(now)
        newest = self._prints[count - 1] if count else None
        return None if newest is None else (newest.price, newest.at)

    @override
    def touch(self, level: Decimal, direction: Direction, since: Instant) -> Instant | None:
        """The first instant from `since` on at which the newest trade was at the level or beyond."""
        for each in self._prints[max(self._count(since) - 1, 0) :]:
            falls = direction is Direction.FALLS
            if each.price <= level if falls else each.price >= level:
                return max(each.at, since)
        return None

    @override
    def so_far(self, index: int, now: Instant) -> Bar:
        """The candle of one minute as far as it has been traded."""
        bar = self.bar(index)
        if now >= bar.ends:
            return bar
        first = bisect_left(self._times, bar.opens)
        return folded(
            self._prints[first : self._count(now)] or self._prints[first : first + 1], bar.opens
        )

    @override
    def prints(self, end: Instant) -> Iterator[Print]:
        """The recorded trades before `end`, newest first."""
        return reversed(self._prints[: bisect_left(self._times, end)])

    @override
    def stands(self, now: Instant, usual: Decimal, said: Decimal | None = None) -> Decimal | None:
        """As much as the newest trade exchanged, or the share of it that is said; None before the first, and when the recording is over."""
        count = self._count(now)
        over = not count or now >= self.bar(len(self.series.open_time) - 1).ends
        return None if over else self._prints[count - 1].quantity * (1 if said is None else said)

    @override
    def gap(self, factor: Decimal, now: Instant) -> None:
        """From the next minute on every trade is at so many times its price."""
        first = bisect_left(self._times, now.floor(MINUTE) + MINUTE)
        grid = Decimal(1).scaleb(-self.listed.price_decimals)
        self._prints[first:] = [
            replace(each, price=(each.price * factor).quantize(grid))
            for each in self._prints[first:]
        ]
        self.series = minutes(self._prints, self.listed.symbol)
        self._bars = {}

    @override
    def renewed(self, now: Instant) -> Instant | None:
        """With the next trade."""
        count = self._count(now)
        return self._times[count] if count < len(self._times) else None


def prints_of(tape: Tape) -> list[Print]:
    """The trades of a tape, to the microsecond."""
    columns = (tape.trade_id, tape.match_id, tape.price, tape.quantity, tape.taker_side)
    rows = zip(tape.time_ns, *columns, strict=True)
    return [
        Print(
            str(trade_id),
            str(match_id),
            tape.symbol,
            Decimal(str(price)),
            Decimal(str(quantity)),
            Side(str(side).upper()),
            Instant(int(ns) // 1000),
        )
        for ns, trade_id, match_id, price, quantity, side in rows
    ]


def folded(prints: Sequence[Print], opens: Instant) -> Bar:
    """The candle of one minute that these trades, at least one, make."""
    prices = [each.price for each in prints]
    volume = sum((each.quantity for each in prints), Decimal(0))
    first, last = prices[0], prices[-1]
    return Bar(prints[0].symbol, opens, MINUTE, first, max(prices), min(prices), last, volume)


def minutes(prints: Sequence[Print], symbol: str) -> Series:
    """The candles of the minutes in which there were trades."""
    grouped = groupby(prints, key=lambda each: each.at.floor(MINUTE))
    bars = [folded(list(each), opens) for opens, each in grouped]
    table = np.array([(b.open, b.high, b.low, b.close, b.volume) for b in bars], dtype=np.float64)
    opens = np.array([bar.opens.ms for bar in bars], dtype=np.int64)
    return Series(symbol, MINUTE_MS, opens, *(np.ascontiguousarray(each) for each in table.T))
