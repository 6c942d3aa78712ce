"""What was tested is what is traded: the live desk on the simulated exchange has the trades of a backtest over the same bars."""

from tests.rehearsal.parity import parity


def test_the_desk_has_the_trades_of_the_backtest() -> None:
    found = parity("scalp-aggressive", 160)

    assert found.differences == ()
    assert found.lots > 10


def test_so_it_is_on_margin_but_for_when_a_watched_target_is_seen() -> None:
    found = parity("intraday-aggressive", 120, on_margin=True)

    assert found.differences == ()
    assert 0 < found.watched < found.lots
