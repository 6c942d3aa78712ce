"""The Crypto.com client over the Transport seam. It translates and decides nothing: no retry, no redirect, no second opinion."""

from interlock.exchange.aiohttp_transport import AiohttpTransport
from interlock.exchange.client import Credentials, CryptoComExchange

__all__ = ["AiohttpTransport", "Credentials", "CryptoComExchange"]
