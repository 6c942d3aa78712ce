"""Which private methods the exchange lets this key use: each is asked once, at the same time, and what was said is kept verbatim.

Whether the key may trade is asked by letting go of an order that does not exist: nothing is placed, and nothing of ours bears its id.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from interlock.errors import NotSent, Refused, Unreachable
from interlock.evidence.diagnosis import No, Yes
from interlock.exchange.client import Credentials
from interlock.ports import Transport
from interlock.protocol.crypto_com import account, orders, trades
from interlock.protocol.crypto_com.codes import AUTHENTICATION
from interlock.protocol.crypto_com.wire import Asked, result_of, signed_body
from interlock.values import Instant, Unknown

Said = Yes | No | Unknown
NOBODYS: Final = "interlock-doctor-of-no-order"
READS: Final[Mapping[str, Mapping[str, object]]] = {
    account.BALANCE: {},
    orders.OPEN: {},
    orders.method(orders.OPEN, advanced=True): {},
    trades.TRADES: {"limit": 1},
}


async def permissions(
    transport: Transport, credentials: Credentials, now: Callable[[], Instant]
) -> Mapping[str, Said]:
    """What the exchange says to each method; whether it may trade is asked only of a key that may read."""
    nonce = now().ms
    asks = (
        _ask(transport, credentials, Asked(method, nonce + n), params)
        for n, (method, params) in enumerate(READS.items())
    )
    said: dict[str, Said] = dict(zip(READS, await asyncio.gather(*asks), strict=True))
    if any(isinstance(each, Yes) for each in said.values()):
        asked = Asked(orders.CANCEL, nonce + len(READS))
        said[orders.CANCEL] = await _ask(transport, credentials, asked, {"client_oid": NOBODYS})
    return said


async def _ask(
    transport: Transport, credentials: Credentials, asked: Asked, params: Mapping[str, object]
) -> Said:
    key, secret = credentials.api_key, credentials.api_secret
    body = signed_body(key, secret, asked.method, params, asked.id or 0)
    try:
        reply = await transport.request("POST", asked.method, body)
    except (NotSent, Unreachable) as silence:
        return Unknown(str(silence))
    try:
        result_of(reply, asked)
    except Unreachable as silence:
        return Unknown(str(silence))
    except Refused as refused:
        if asked.method == orders.CANCEL and refused.code not in AUTHENTICATION:
            return Yes()
        return No(reply.status, refused.code, refused.message)
    return Yes()
