"""What a person does about each rule that says no, by its name. Where nothing is to be done, it says what to wait for."""

from collections.abc import Mapping
from typing import Final

REMEDIES: Final[Mapping[str, str]] = {
    # the risk guard
    "A": "Arm with a reason (`interlock arm --why`), or set the switch that is named back to true.",
    "SIZE": "Lower the amount: an order of this worth is a slip of the pen.",
    "EQUITY": "Wait for the next reading; if it stays, `interlock doctor` tells key, address and clock apart.",
    "B": "Set the row's leverage between 1 and the cap, or untick margin.",
    "C": "Lower the row's amount, or bring more equity.",
    "D": "Close margin positions, or let this row trade spot.",
    "E": "Set the row's leverage lower: the buffer is 100 / leverage.",
    "F": "Wait for the next UTC day, or clear the latch by `interlock arm --daily-loss --why …` once the loss is below the limit.",
    # the order
    "LEASE": "Nothing: the engine that holds the account goes on. If none does, start one.",
    "INSTRUMENT": "Wait for the next instrument list; if the symbol is gone or halted, take it off the watchlist.",
    "GRID": "Report it: the platform made an order that is off the instrument's grid.",
    "LOT": "Report it: an exit named more than its lot, and was not sent.",
    "KILL": "Find out why it was engaged, then `interlock arm --why`.",
    "PAUSE": "End the pause: `interlock resume --why`.",
    "MODE": "Select the mode of these books: `interlock mode SIM` or `LIVE`.",
    "ENV_BOUND": "Raise INTERLOCK__MODE, LIVE_TRADING or TRADING_ENABLED in the environment, and start again.",
    "CERTIFICATE": "Pass the closeout on this host (`interlock verify close`): it leaves the certificate.",
    "TRADE_ENABLED": "Let the symbol trade: `interlock watch SYMBOL --trade`.",
    "FORCED": "Nothing: the first bar that closes under the new settings is decided anew.",
    "ALLOWLIST": "Add the symbol to TRADE_ALLOWLIST, or empty it.",
    "AMOUNT": "Name an amount: `interlock watch SYMBOL --amount`.",
    "ORDER_VALUE": "Lower the row's amount, or raise MAX_USD_PER_ORDER.",
    "ORDER_QUANTITY": "Report it: the limit price was too low for the amount. Nothing was sent.",
    "STAGE": "Lower the row's amount to 10, let the 20 small orders be made, then widen: `interlock arm --stage --why`.",
    "UNKNOWN_OUTCOME": "Wait until evidence ends the order; `interlock orders` shows it. Nothing is sent again.",
    "FROZEN": "Look at the incident that froze it: `interlock audit --details` compares books and exchange.",
    "PRICE_AGE": "Wait for the next price; if it stays, look at the updater in `interlock health`.",
    "BAR_AGE": "Nothing: the next bar is decided when it closes. If it stays, look at the updater.",
    "INDICATORS": "Wait until enough bars have closed for both averages.",
    "ASK": "Wait for an ask at or below the buy target, or change the target.",
    "PRICE_COLLAR": "Nothing: the next bar is sized at its own collar.",
    "DATA_JUMP": "Compare the price with another source; if the market did move, the next bar's close follows it.",
    "CLOCK_SKEW": "Set this host's clock (NTP); `interlock doctor` shows the offset.",
    "ONE_IN_FLIGHT": "Nothing: the entry in flight ends first.",
    "DUPLICATE_INTENT": "Nothing: this wish has its order already.",
    "SELF_CROSS": "Wait for our own sell order to end, or cancel it.",
    "OPEN_PER_BASE": "Wait for a position of the base to close, or raise MAX_OPEN_PER_BASE.",
    "OPEN_TOTAL": "Wait for a position to close, or raise MAX_OPEN_ORDERS_TOTAL.",
    "COOLDOWN": "Nothing: it ends by itself.",
    "PER_DAY": "Wait for the next UTC day, or raise MAX_ORDERS_PER_SYMBOL_PER_DAY.",
    "MESSAGE_RATE": "Nothing: it ends within a minute. If it comes back, look for what asks so often.",
    "REPEATED_EXECUTION": "Find out why so much was bought, then arm anew: `interlock arm --why`.",
    "PORTFOLIO_CAP": "Sell some of the base, raise the row's amount, or raise PORTFOLIO_CAP_MULTIPLE.",
    "CAP_EXPOSURE": "Wait for positions to close, or raise MAX_EXPOSURE_USD.",
    "CAP_MARGIN": "Wait for margin positions to close, or raise MAX_MARGIN_USD.",
    "PROTECTION": "See why the exchange did not give the stop, then `interlock arm --why`.",
    "NAKED_LOT": "Look at `interlock positions`: the lot is given its stop, or sold. Entries wait meanwhile.",
    "AVAILABLE": "Add or free quote currency, or lower the row's amount.",
    "MIN_NOTIONAL": "Raise the row's amount above the exchange's minimum.",
    "TICK": "Set a wider stop and target, or trade another symbol: its tick is too coarse.",
    "SIZING": "Read the reason: what kept the wish from becoming an order is named there.",
}


def remedy(rule: str) -> str:
    """What to do about a no of this rule; empty for a rule that this version does not know."""
    return REMEDIES.get(rule, "")
