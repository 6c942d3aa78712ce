"""Every run of the house rules tells how often the determinism lint is stepped around."""

import pytest

from tests.house.determinism import ESCAPES_MAX, escapes
from tests.house.tree import ROOT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    count = len(escapes(ROOT))
    terminalreporter.write_line(f"determinism lint: {count} escapes of at most {ESCAPES_MAX}")
