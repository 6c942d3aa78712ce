"""Which open order the price meets next: the soonest first, of two at one instant the older one."""

from heapq import heappop, heappush
from typing import Final

from interlock.simulator.books.orders import Order
from interlock.values import Instant


class Waiting:
    """Orders by the instant at which they are met. What was put in and holds no more is passed over when its turn comes."""

    def __init__(self) -> None:
        self._heap: Final[list[tuple[int, str, int, Order]]] = []
        self._count = 0

    def put(self, order: Order, touch: Instant | None) -> None:
        """The order waits for this instant from now on; for none when it is None."""
        order.touch = touch
        if touch is not None:
            self._count += 1
            heappush(self._heap, (touch.micros, order.id, self._count, order))

    def first(self) -> tuple[Instant, Order] | None:
        """When the next order is met, and which."""
        while self._heap:
            micros, _, _, order = self._heap[0]
            if order.is_open and order.touch is not None and order.touch.micros == micros:
                return order.touch, order
            heappop(self._heap)
        return None
