"""The equity curve: a line over time that takes its colours from the page's tone."""

from collections.abc import Sequence
from typing import Any, Final

GOOD: Final = "#2fbf71"
BAD: Final = "#f0525f"
QUIET: Final = "#7f8ea3"


def equity_options(series: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The options of the chart for points of milliseconds and dollars, oldest first."""
    points = [[int(at), round(float(equity), 2)] for at, equity in series]
    rose = not points or points[-1][1] >= points[0][1]
    colour = GOOD if rose else BAD
    axis = {
        "axisLine": {"lineStyle": {"color": QUIET}},
        "axisLabel": {"color": QUIET, "hideOverlap": True},
    }
    return {
        "animation": False,
        "useUTC": True,
        "grid": {"left": 8, "right": 12, "top": 12, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {"type": "time", **axis, "splitLine": {"show": False}},
        "yAxis": {
            "type": "value",
            "scale": True,
            **axis,
            "splitLine": {"lineStyle": {"color": QUIET, "opacity": 0.16}},
        },
        "series": [
            {
                "name": "Equity",
                "type": "line",
                "data": points,
                "showSymbol": len(points) == 1,
                "lineStyle": {"width": 2, "color": colour},
                "itemStyle": {"color": colour},
                "areaStyle": {"opacity": 0.12, "color": colour},
            }
        ],
    }
