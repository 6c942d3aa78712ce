"""Telegram by its own library, over a wire of ours: plain text out, a message id back; anything else is Unreachable.

The library words the request and names the refusal; it is never told the bot's token. That stands in the path of the address, which
the wire alone puts together: no error, log line or `repr` of the library can hold what it does not know. A client error of the HTTP
library carries the whole address, so none of them is raised, chained or kept: only its class is named.
"""

from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import msgspec
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData
from typing_extensions import override

from interlock.errors import AskedToWait, Unreachable
from interlock.values import Secret

TIMEOUT: Final = timedelta(seconds=15)
CONNECT: Final = timedelta(seconds=10)
BODY_MAX: Final = 64 * 1024
TEXT_MAX: Final = 4000  # Telegram takes 4096 and refuses a longer one for ever
WAIT_MAX_S: Final = 86_400
OK: Final = 200
SUCCESS: Final = range(200, 300)
TOO_MANY: Final = 429
NOBODYS: Final = "0:the-wire-knows"


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


class NoWord(TelegramError):
    """No answer that can be read; the text says what kind of silence it was, without a word of the address."""


class Busy(TelegramError):
    """Telegram wants nothing more for so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__("busy")
        self.seconds: Final = min(seconds, WAIT_MAX_S)


class TelegramNotifier:
    """`ports.Notifier` to one chat, always as plain text: no character of a message can make Telegram refuse it as markup."""

    def __init__(
        self, api_base: str, bot_token: Secret, chat_id: str, *, timeout: timedelta = TIMEOUT
    ) -> None:
        self._wire = Wire(api_base, bot_token, timeout)
        self._bot = Bot(NOBODYS, lambda _: "", "", self._wire, self._wire)
        self._chat = chat_id

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
        await self._wire.shutdown()

    async def send(self, text: str) -> str:
        """The message id; raises Unreachable when Telegram gave none, AskedToWait when it wants to be left alone for a while."""
        answer = await self._ask(text)
        # Raised here, where no error of a library is being handled: not even the context holds one.
        if isinstance(answer, Busy):
            raise AskedToWait(timedelta(seconds=answer.seconds))
        if isinstance(answer, TelegramError):
            why = str(answer) if isinstance(answer, NoWord) else type(answer).__name__
            raise Unreachable(f"The messenger gave no message id: {why}.")
        return str(answer)

    async def _ask(self, text: str) -> int | TelegramError:
        """The message id, or what went wrong."""
        try:
            return (await self._bot.send_message(self._chat, _fitting(text))).message_id
        except TelegramError as error:
            return error


class Wire(BaseRequest):
    """How the library's requests travel. No redirect is followed, no proxy and no cookie is taken from the environment; one try each.

    What comes back is bounded in bytes and time, and read strictly before the library sees any of it.
    """

    def __init__(self, api_base: str, bot_token: Secret, timeout: timedelta) -> None:
        self._base = api_base.rstrip("/")
        self._token = bot_token
        self._timeout = aiohttp.ClientTimeout(
            total=timeout.total_seconds(), connect=min(timeout, CONNECT).total_seconds()
        )
        self._session: aiohttp.ClientSession | None = None

    @property
    @override
    def read_timeout(self) -> float | None:
        return self._timeout.total

    @override
    async def initialize(self) -> None:
        """Connections are opened when the first request needs one."""

    @override
    async def shutdown(self) -> None:
        """Ends every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @override
    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        """Status and body of one request; `url` is the part that follows the token."""
        asked = request_data.parameters if request_data else {}
        answer = await self._carry(method, url, asked)
        if isinstance(answer, str):
            raise NoWord(answer)
        return _told(*answer)

    async def _carry(self, method: str, url: str, asked: object) -> tuple[int, bytes] | str:
        """Status and body, or the class of what went wrong."""
        try:
            async with self._open().request(
                method,
                f"{self._base}/bot{self._token.reveal()}{url}",
                json=asked,
                allow_redirects=False,
            ) as reply:
                return reply.status, await _read(reply)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return type(error).__name__

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout, trust_env=False
            )
        return self._session


def _told(status: int, body: bytes) -> tuple[int, bytes]:
    """What the library may read: a refusal without its words, or a message of which only the id is kept."""
    try:
        word = msgspec.json.decode(body, type=Word)
    except msgspec.MsgspecError as error:
        raise NoWord(f"HTTP {status}, {type(error).__name__}") from None
    if status == TOO_MANY and word.parameters and word.parameters.retry_after > 0:
        raise Busy(word.parameters.retry_after)
    if status not in SUCCESS:
        return status, b"{}"
    if status != OK or not word.ok or word.result is None:
        raise NoWord(f"HTTP {status}")
    return status, msgspec.json.encode({"result": _message(word.result.message_id)})


def _message(message_id: int) -> dict[str, object]:
    """The least that the library takes for a message."""
    return {"message_id": message_id, "date": 0, "chat": {"id": 0, "type": "private"}}


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
