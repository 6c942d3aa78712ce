"""A transport behind a fence: each request asks first whether this process may still speak for the account."""

from collections.abc import Callable

from interlock.ports import Reply, Transport


class Fenced:
    """The `Transport` of an engine whose lease can expire. `fence` raises when it may have; then no byte leaves."""

    def __init__(self, inner: Transport, fence: Callable[[], None]) -> None:
        self._inner = inner
        self._fence = fence

    async def request(self, verb: str, path: str, body: bytes) -> Reply:
        """The reply, as long as the fence is open when the request begins."""
        self._fence()
        return await self._inner.request(verb, path, body)
