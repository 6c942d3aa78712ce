"""Telegram's sendMessage over HTTP: plain text out, a message id back; anything else is Unreachable, without a word of the address.

The bot's token stands in the path. A client error of the HTTP library carries the whole address, so none of them is raised, chained
or kept: only its class is named.
"""

from datetime import timedelta
from types import TracebackType
from typing import Final, Self

import aiohttp
import msgspec

from interlock.errors import AskedToWait, Unreachable
from interlock.values import Secret

TIMEOUT: Final = timedelta(seconds=15)
BODY_MAX: Final = 64 * 1024
TEXT_MAX: Final = 4000  # Telegram takes 4096 and refuses a longer one for ever
WAIT_MAX_S: Final = 86_400
OK: Final = 200
TOO_MANY: Final = 429


class Given(msgspec.Struct):
    """The message as Telegram keeps it."""

    message_id: int


class Hints(msgspec.Struct):
    """What Telegram says of a refusal: so many seconds to wait."""

    retry_after: int = 0


class Word(msgspec.Struct):
    """Telegram's answer, as far as it matters."""

    ok: bool
    result: Given | None = None
    parameters: Hints | None = None


class TelegramNotifier:
    """`ports.Notifier` to one chat. No redirect is followed, no proxy and no cookie is taken from the environment."""

    def __init__(
        self, api_base: str, bot_token: Secret, chat_id: str, *, timeout: timedelta = TIMEOUT
    ) -> None:
        self._base = api_base.rstrip("/")
        self._token = bot_token
        self._chat = chat_id
        self._timeout = aiohttp.ClientTimeout(total=timeout.total_seconds())
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, text: str) -> str:
        """The message id; raises Unreachable when Telegram gave none, AskedToWait when it wants to be left alone for a while."""
        answer = await self._ask(text)
        # Raised here, where no error of the HTTP library is being handled: not even the context holds the address.
        if isinstance(answer, str):
            raise Unreachable(f"The messenger gave no answer that can be read: {answer}.")
        status, word = answer
        if status == TOO_MANY and word.parameters and word.parameters.retry_after > 0:
            seconds = min(word.parameters.retry_after, WAIT_MAX_S)
            raise AskedToWait(timedelta(seconds=seconds))
        if status != OK or not word.ok or word.result is None:
            raise Unreachable(f"The messenger gave no message id: HTTP {status}.")
        return str(word.result.message_id)

    async def _ask(self, text: str) -> tuple[int, Word] | str:
        """Status and answer, or the class of what went wrong."""
        try:
            async with self._open().post(
                f"{self._base}/bot{self._token.reveal()}/sendMessage",
                json={"chat_id": self._chat, "text": _fitting(text)},
                allow_redirects=False,
            ) as reply:
                body = await _read(reply)
            return reply.status, msgspec.json.decode(body, type=Word)
        except msgspec.MsgspecError as error:
            return f"HTTP {reply.status}, {type(error).__name__}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return type(error).__name__

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout, trust_env=False
            )
        return self._session


async def _read(reply: aiohttp.ClientResponse) -> bytes:
    """The body, as far as anything of ours could be in it; the rest stays unread and makes it unreadable."""
    body = bytearray()
    async for part in reply.content.iter_chunked(BODY_MAX):
        body += part
        if len(body) > BODY_MAX:
            reply.close()
            break
    return bytes(body[:BODY_MAX])


def _fitting(text: str) -> str:
    return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…"
