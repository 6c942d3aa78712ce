"""The API on 127.0.0.1:8002: what the platform knows, told from memory to whoever may ask; it decides nothing."""

from interlock.api.app import build
from interlock.api.token import issue

__all__ = ["build", "issue"]
