"""What we know of ourselves: each part known with its time, or unknown with its why."""

from interlock.account.figures import Balance, DayOpen, EquityPoint, Figures
from interlock.account.funding import Funding, Margin, Spot
from interlock.account.lots import Lot
from interlock.account.reading import AccountReading, FeeRate, Tenure
from interlock.account.standing import Freeze, InFlight, Stage, Standing
from interlock.account.switches import Kill, Mode, Switches
from interlock.account.transfers import Transfer

__all__ = [
    "AccountReading",
    "Balance",
    "DayOpen",
    "EquityPoint",
    "FeeRate",
    "Figures",
    "Freeze",
    "Funding",
    "InFlight",
    "Kill",
    "Lot",
    "Margin",
    "Mode",
    "Spot",
    "Stage",
    "Standing",
    "Switches",
    "Tenure",
    "Transfer",
]
