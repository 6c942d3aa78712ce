"""TA-Lib with types: float64 arrays of equal length in and out, NaN where a value is not defined.

TA-Lib's own package imports polars and pandas where they are installed, which costs a live process seconds and a hundred
megabytes: both are hidden while it is imported, here and nowhere else.
"""

import importlib
import sys
from types import ModuleType
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
HEAVY: Final = ("polars", "pandas")


def _imported_without(heavy: tuple[str, ...], name: str) -> ModuleType:
    """The module `name`, imported as on a machine that has none of `heavy`; what was loaded before is put back."""
    loaded = {each: sys.modules.get(each) for each in heavy}
    sys.modules.update(dict.fromkeys(heavy))  # type: ignore[arg-type]  # None is how Python spells "not to be found"
    try:
        return importlib.import_module(name)
    finally:
        for each, module in loaded.items():
            if module is None:
                del sys.modules[each]
            else:
                sys.modules[each] = module


_TALIB: Final = _imported_without(HEAVY, "talib")


def rsi(close: Series, period: int) -> Series:
    """Wilder's relative strength index, 0 to 100; first value at index `period`. Where nothing moved TA-Lib answers 0."""
    return cast(Series, _TALIB.RSI(close, period))


def atr(high: Series, low: Series, close: Series, period: int) -> Series:
    """Wilder's average true range, in the unit of the prices; first value at index `period`."""
    return cast(Series, _TALIB.ATR(high, low, close, period))


def ema(values: Series, period: int) -> Series:
    """Exponential mean seeded with the plain mean of the first `period` values; first value at index `period` - 1."""
    return cast(Series, _TALIB.EMA(values, period))


def sma(values: Series, period: int) -> Series:
    """Plain mean of the last `period` values; first value at index `period` - 1."""
    return cast(Series, _TALIB.SMA(values, period))


def deviation(values: Series, period: int) -> Series:
    """Population standard deviation of the last `period` values; first value at index `period` - 1."""
    return cast(Series, _TALIB.STDDEV(values, period))


def highest(values: Series, period: int) -> Series:
    """The highest of the last `period` values; first value at index `period` - 1."""
    return cast(Series, _TALIB.MAX(values, period))


def lowest(values: Series, period: int) -> Series:
    """The lowest of the last `period` values; first value at index `period` - 1."""
    return cast(Series, _TALIB.MIN(values, period))
