"""Arrays as text inside a page: single floats, their bytes regrouped and deflated, in base 64. The page's own script reads them back."""

import base64
import zlib
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def packed(values: NDArray[np.float64] | NDArray[np.int64], kind: str = "f4") -> str:
    """The values as `f4` or `f8`, little endian: all first bytes, then all second ones, so that they deflate well."""
    plain = np.ascontiguousarray(values, dtype=f"<{kind}")
    grouped = plain.view(np.uint8).reshape(-1, plain.itemsize).T
    return base64.b64encode(zlib.compress(grouped.tobytes(), 6)).decode()


def thinned(values: NDArray[np.float64], points: int) -> NDArray[np.intp]:
    """Places of at most about so many values that draw the same line: of each stretch the least, the most and the last."""
    if len(values) <= points:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), points // 3 + 1).astype(int).tolist()
    return np.unique([place for a, b in pairwise(edges) for place in _telling(values, a, b)])


def _telling(values: NDArray[np.float64], start: int, end: int) -> tuple[int, int, int]:
    part = values[start:end]
    return start + int(part.argmin()), start + int(part.argmax()), end - 1
