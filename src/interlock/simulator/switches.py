"""What is not known of the exchange for certain: one switch for each question, with every answer that a client must bear.

The default comes first. It is what was seen in production, else what is documented. A switch is set when the exchange begins.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from interlock.errors import BadInput
from interlock.values import decimal_of


class Toggle(StrEnum):
    """Whether it does so."""

    OFF = "off"
    ON = "on"


class IpBlockStyle(StrEnum):
    """How an address is told that it is not admitted."""

    UNAUTHORISED = "40101"
    IP_ILLEGAL = "40103"


class StatusStyle(StrEnum):
    """Which HTTP status comes with a code, where the two differ."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"


class NestedExecInst(StrEnum):
    """How a list inside a leg of a list is signed: a client may do either, or must do one."""

    BOTH = "both"
    BRACKETS = "brackets"
    PLAIN = "plain"


class DuplicateNonce(StrEnum):
    """What becomes of a second request of a key with the same nonce."""

    ACCEPT = "accept"
    REJECT = "reject"


class ClientOidScope(StrEnum):
    """Where a client_oid is used up: in the account for ever, with one instrument, or for a day."""

    FOREVER = "forever"
    PER_INSTRUMENT = "per_instrument"
    ONE_DAY = "one_day"


class SpotMargin(StrEnum):
    """What an order is that does not say `spot_margin`."""

    SPOT = "SPOT"
    MARGIN = "MARGIN"


class TifTerminalStatus(StrEnum):
    """How the remainder of an order ends that may not rest."""

    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


class HistoryOrder(StrEnum):
    """How the rows of a page of orders or executions lie; which rows they are does not change."""

    NEWEST = "newest"
    OLDEST = "oldest"
    SHUFFLED = "shuffled"


class TriggerChildId(StrEnum):
    """Whether the order that a trigger becomes has an id of its own (its `exchange_order_id`)."""

    SEPARATE = "separate"
    SAME = "same"


class AdvancedChannel(StrEnum):
    """How news of triggers name their channel; a subscription may name it either way."""

    ADVANCE = "user.advance.order"
    ADVANCED = "user.advanced.order"


class BadChannelCode(StrEnum):
    """With which code a channel is refused that there is not."""

    INVALID = "40003"
    OLD = "10004"


class BuyReserve(StrEnum):
    """What an order to buy holds back."""

    VALUE = "value"
    VALUE_AND_FEE = "value_and_fee"


class Typing(StrEnum):
    """Whether REST answers with numbers and texts as seen, or with texts alone as in the newest documentation."""

    OBSERVED = "observed"
    STRINGS = "strings"


class BareLeverage(StrEnum):
    """What a `leverage` means on an order that is no margin order."""

    IGNORE = "ignore"
    REJECT = "reject"
    MARGIN = "margin"


class ReservedQtyStyle(StrEnum):
    """Whether a balance shows in `reserved_qty` what is held back, or in its other figures alone."""

    FILLED = "filled"
    ZERO = "zero"


class CancelUnknownCode(StrEnum):
    """With which code a cancel is refused that finds no open order."""

    INVALID_ORDERID = "212"
    NO_ACTIVE_ORDER = "316"
    NOT_FOUND = "40401"


class CumulativeFeeUnit(StrEnum):
    """In which currency an order counts the fee of a buy: in base whatever it is paid in, or in its `fee_instrument_name`."""

    BASE = "base"
    PAID = "paid"


class PublicTradesOrder(StrEnum):
    """How public trades lie in a read."""

    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Switches:
    """One answer to each question. `price_band` is the share of the price by which a limit may be away from it."""

    ip_block_style: IpBlockStyle = IpBlockStyle.UNAUTHORISED
    status_style: StatusStyle = StatusStyle.DOCUMENTED
    nested_exec_inst: NestedExecInst = NestedExecInst.BOTH
    duplicate_nonce: DuplicateNonce = DuplicateNonce.ACCEPT
    client_oid_scope: ClientOidScope = ClientOidScope.FOREVER
    spot_margin_default: SpotMargin = SpotMargin.SPOT
    tif_terminal_status: TifTerminalStatus = TifTerminalStatus.CANCELED
    history_order: HistoryOrder = HistoryOrder.NEWEST
    price_band: Decimal = Decimal("0.5")
    trigger_child_id: TriggerChildId = TriggerChildId.SEPARATE
    advanced_channel_name: AdvancedChannel = AdvancedChannel.ADVANCE
    cancel_all_reaches_triggers: Toggle = Toggle.OFF
    bad_channel_code: BadChannelCode = BadChannelCode.INVALID
    buy_reserve: BuyReserve = BuyReserve.VALUE
    typing: Typing = Typing.OBSERVED
    bare_leverage: BareLeverage = BareLeverage.IGNORE
    reserved_qty_style: ReservedQtyStyle = ReservedQtyStyle.FILLED
    cancel_unknown_code: CancelUnknownCode = CancelUnknownCode.INVALID_ORDERID
    cumulative_fee_unit: CumulativeFeeUnit = CumulativeFeeUnit.BASE
    public_trades_order: PublicTradesOrder = PublicTradesOrder.NEWEST
    legacy_triggers: Toggle = Toggle.OFF
    silent_trigger_cancel: Toggle = Toggle.OFF

    def shown_id(self, own: str, parent: str | None) -> str:
        """The id under which an order is shown: its own, or that of the trigger that it was."""
        return parent if parent and self.trigger_child_id is TriggerChildId.SAME else own


AS_SEEN: Final = Switches()
"""Every switch as it is by default."""

TOGGLED: Final = MappingProxyType(
    {
        "cancel_all_reaches_triggers": "Whether the ordinary cancel-all ends triggers too.",
        "legacy_triggers": "Whether the ordinary create-order takes triggers, as it once did (off: 140001).",
        "silent_trigger_cancel": "Whether the ordinary cancel answers to a trigger's id as if done, and does nothing.",
    }
)
"""What each toggle says; every other switch is told by its class."""

BAND: Final = "How far a limit may be away from the price, as a fraction of it; beyond, 315."


def switches_of(texts: Iterable[str]) -> Switches:
    """The switches that these texts set, each `NAME=VALUE`; the others stay as they are by default."""
    kinds = {each.name: type(getattr(AS_SEEN, each.name)) for each in fields(Switches)}
    chosen: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in kinds:
            raise BadInput(f"{name!r} is no switch; there are {', '.join(kinds)}.")
        chosen[name] = _value(name, kinds[name], value)
    return Switches(**chosen)


def values(name: str) -> tuple[str, ...]:
    """What a switch may be, the default first."""
    default = getattr(AS_SEEN, name)
    return tuple(each.value for each in type(default)) if isinstance(default, StrEnum) else ()


def _value(name: str, kind: type, value: str) -> StrEnum | Decimal:
    if issubclass(kind, StrEnum):
        if value not in values(name):
            raise BadInput(f"{name} is one of {', '.join(values(name))}, not {value!r}.")
        return kind(value)
    band = decimal_of(value)
    if band <= 0:
        raise BadInput(f"{name} is a fraction above zero, not {value}.")
    return band
