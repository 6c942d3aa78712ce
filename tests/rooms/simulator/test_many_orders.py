"""What the exchange knows of its open orders at a glance is what a look at each of them says."""

from decimal import Decimal
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from interlock.simulator.books.held import Held
from interlock.simulator.books.orders import Kind, Order, Status, Wish
from interlock.simulator.books.waiting import Waiting
from interlock.simulator.market.listing import listing
from interlock.values import Instant, Side

NOW = Instant(0)
BTC = listing().instruments["BTC_USDT"]
steps = st.lists(
    st.tuples(
        st.integers(0, 7), st.sampled_from(["wait", "forget", "hold", "end"]), st.integers(0, 5)
    )
)


def orders() -> list[Order]:
    kinds = [(side, credit) for side in Side for credit in (None, Decimal(2))] * 2
    wishes = [
        Wish(BTC, side, Kind.LIMIT, str(n), Decimal(1), leverage=credit)
        for n, (side, credit) in enumerate(kinds)
    ]
    return [Order(str(n), wish, Decimal(0), NOW, NOW) for n, wish in enumerate(wishes)]


@given(steps)
def test_the_next_order_to_be_met_and_the_sums_held_back_are_those_of_a_look_at_every_order(
    taken: list[tuple[int, str, int]],
) -> None:
    every, waiting = orders(), Waiting()
    held = {on_credit: Held() for on_credit in (False, True)}
    for n, step, amount in taken:
        order = every[n]
        if not order.is_open:
            continue
        if step == "end":
            order.reserved = Decimal(0)
            order.end(Status.CANCELED, NOW)
        elif step == "hold":
            order.reserved = Decimal(amount)
        else:
            waiting.put(order, Instant(amount) if step == "wait" else None)
        held[order.wish.on_credit].changed(order)

        due = [(each.touch, each.id) for each in every if each.touch is not None]
        first = waiting.first()
        assert (first and (first[0], first[1].id)) == min(due, default=None)
        for currency, on_credit in product(("USDT", "BTC"), (False, True)):
            open_ = [
                each.reserved
                for each in every
                if (each.reserved_in, each.wish.on_credit) == (currency, on_credit)
            ]
            assert held[on_credit].total(currency) == sum(open_)
