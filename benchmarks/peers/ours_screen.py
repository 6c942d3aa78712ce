"""Ours on the bench's series, screened: one run, and 200 candidates. A process of its own, since the compiler needs memory too."""

import sys

from benchmarks.peers.measured import bars, measure, tell
from benchmarks.peers.ours_exact import BARS, SETUP, VERSION, candidates, lane, window
from interlock.research.screen import Screen, screen

if __name__ == "__main__":
    ours = lane(window(bars(sys.argv[1]), BARS))
    one = measure(lambda: screen(ours, SETUP).trades, times=29)
    many = candidates()
    sweep = measure(lambda: Screen(ours, SETUP).sweep(many), times=9)
    tell("Interlock screen", VERSION, BARS, one, len(many), sweep)
