"""A secret can be used and compared, never shown: its text appears in no print, log, pickle or serialised form."""

import hashlib
import hmac
from typing import Final, NoReturn

from typing_extensions import override

HIDDEN_MIN: Final = 4


class Secret:
    """A text that must never be seen. `reveal` is for the signer and the wire alone."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for signing and sending."""
        return self._text

    def fingerprint(self) -> str:
        """The first 8 hex digits of its SHA-256, by which an operator can tell two keys apart."""
        return hashlib.sha256(self._text.encode()).hexdigest()[:8]

    def hide(self, said: str) -> str:
        """What others said, with this text taken out of it; one too short to be a secret stands in true words too, and hides nothing."""
        return said.replace(self._text, "***") if len(self._text) >= HIDDEN_MIN else said

    def __bool__(self) -> bool:
        return bool(self._text)

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other.reveal().encode())

    @override
    def __hash__(self) -> int:
        return hash(self.fingerprint())

    @override
    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    @override
    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    @override
    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not serialised.")
