"""The whole tree of errors; each says what happened in its message and what to do about it in its remedy.

    InterlockError
    |-- Misuse                 the person or the program asked for something that cannot be (exit 2)
    |   |-- BadInput           a value that is not what it must be
    |   |   |-- UnlikeUnits    two values whose units do not meet
    |   |   `-- OffGrid        a price or quantity that is not on the instrument's tick or lot
    |   `-- BadSettings        a setting that is unknown, missing or out of range
    |-- ExchangeTrouble
    |   |-- Refused            the exchange said no; it may name the order it refused (exit 4)
    |   |   `-- NotAuthorised  it accepts neither this key nor this address (40101 family)
    |   |-- Unreachable        bytes left and nobody answered in words we can read: the outcome is unknown (exit 3)
    |   |   `-- AskedToWait    the messenger answered, said nothing to anybody, and names a time
    |   `-- NotSent            no byte left this machine
    |       `-- Starved        the method was asked too often for the exchange's limits
    |-- StoreTrouble           the books cannot be read or written
    |   |-- WrongVenue         the data folder belongs to the other venue
    |   |-- NewerSchema        a later version of the platform wrote the file
    |   `-- LeaseLost          another engine holds the account
    |-- ClockWentBack          the host's clock was set back; the process ends and recovers by starting
    `-- BrokenInvariant        a promise of the design does not hold; the process ends and recovers by starting

Refused, Unreachable and NotSent are also values: the answer to a placed order is one of them or `Accepted`.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final


class InterlockError(Exception):
    """Something did not happen, and the remedy says what to do."""

    remedy: ClassVar[str] = "Read the message; if it does not help, run `interlock doctor`."

    def line(self) -> str:
        """One line for a person: what happened, then what to do."""
        return f"{self} {self.remedy}"


class Misuse(InterlockError):
    """What was asked for cannot be."""

    remedy: ClassVar[str] = "Correct the input and ask again; nothing was changed."


class BadInput(Misuse):
    """A value is not what it must be."""


class UnlikeUnits(BadInput):
    """Two values whose units do not meet were put together."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other} do not meet in one sum.")


class OffGrid(BadInput):
    """A price or quantity is not on the grid of its instrument."""


class BadSettings(Misuse):
    """A setting is unknown, missing or out of its range."""

    remedy: ClassVar[str] = "Run `interlock config` to see each setting, its source and its range."


class ExchangeTrouble(InterlockError):
    """The exchange did not do what was asked."""


class Refused(ExchangeTrouble):
    """The exchange said no, in words we understand."""

    remedy: ClassVar[str] = "The code tells why; nothing was placed by this request."

    def __init__(
        self, code: int, message: str, *, order_id: str | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(f"Refused by the exchange: {code} {message}.")
        self.code: Final = code
        self.message: Final = message
        self.order_id: Final = order_id
        if remedy:
            self.remedy = remedy  # type: ignore[misc] # a code may know better than its class


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What whoever was refused knows of it: method, HTTP status, the exchange's clock less ours, fingerprint of the key, own signer."""

    method: str
    status: int
    offset: timedelta | None
    fingerprint: str
    signer_works: bool


class NotAuthorised(Refused):
    """The exchange accepts neither this key nor this address (40101 family)."""

    remedy: ClassVar[str] = (
        "Run `interlock doctor`: it tells key, clock, permission and address apart."
    )
    circumstances: Circumstances | None = None


class Unreachable(ExchangeTrouble):
    """Nobody answered in words we can read: what was asked for may or may not have happened."""

    remedy: ClassVar[str] = (
        "Nothing is sent again; the platform asks the exchange what became of it."
    )


class AskedToWait(Unreachable):
    """The messenger said nothing to anybody and wants nothing more for so long."""

    remedy: ClassVar[str] = "Nothing is lost: the message waits in the outbox and is said later."

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__(f"The messenger asks to wait {retry_after.total_seconds():.0f} s.")
        self.retry_after: Final = retry_after


class NotSent(ExchangeTrouble):
    """No byte left this machine: nothing can have happened at the exchange."""

    remedy: ClassVar[str] = "Check the address, the network and the name service of this host."


class Starved(NotSent):
    """So many wait for a method of the exchange that asking again would pass its limit."""

    remedy: ClassVar[str] = "Nothing left this machine: the next pass asks again."

    def __init__(self, method: str, patience: timedelta) -> None:
        super().__init__(f"No turn for {method} within {patience.total_seconds():g} s.")


class StoreTrouble(InterlockError):
    """The books cannot be read or written."""

    remedy: ClassVar[str] = (
        "Check the data folder: it must exist, be writable and have free space; "
        "or the database server: it must run and let us in."
    )


class WrongVenue(StoreTrouble):
    """The data folder belongs to the other venue."""

    remedy: ClassVar[str] = (
        "A data folder is SIM or LIVE for life: choose another folder with INTERLOCK__DATA."
    )


class NewerSchema(StoreTrouble):
    """A later version of the platform wrote this file."""

    remedy: ClassVar[str] = (
        "Run the version that wrote it or a later one, or choose another folder with INTERLOCK__DATA."
    )


class LeaseLost(StoreTrouble):
    """Another engine holds this account."""

    remedy: ClassVar[str] = "Stop the other engine, or let this one stand by until it ends."


class ClockWentBack(InterlockError):
    """The host's clock was set back: what is due, and how old anything is, was reckoned from times that have not come yet."""

    remedy: ClassVar[str] = "The process ends here; starting it again reckons everything anew."


class BrokenInvariant(InterlockError):
    """A promise of the design does not hold."""

    remedy: ClassVar[str] = "The process ends here; starting it again is recovery."
