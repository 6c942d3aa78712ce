"""What a person sees of the demo in the terminal: where to look, how far the month has walked, and what has happened so far."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from interlock.values import Instant


class Screen:
    """A panel with the addresses, and one bar that moves with the exchange's clock."""

    def __init__(self, console: Console, api: str, page: str, folder: Path, days: int) -> None:
        self._console = console
        self._lines = (
            f"[bold]dashboard[/]  {page}\n"
            f"[bold]API[/]        {api}/api/health/system\n"
            f"[bold]books[/]      {folder}\n"
            f"[dim]real candles, 2024-02-29 and {days} days on; simulated exchange; Ctrl-C ends it[/]"
        )
        self._bar = Progress(
            TextColumn("[bold]{task.fields[date]}[/]"),
            BarColumn(bar_width=40),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[events]}"),
            TimeElapsedColumn(),
            console=console,
            transient=False,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._console.print(Panel(self._lines, title="[bold]Interlock[/] demo", expand=False))
        self._bar.start()
        self._task = self._bar.add_task("", total=1.0, date="", events="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, state: dict[str, Any], share: float, killed: int) -> None:
        """Moves the bar to where the exchange's clock stands."""
        if self._task is None:
            return
        date = Instant(int(state["now_us"])).iso()[:16].replace("T", " ")
        events = f"{state['orders']} orders, {state['fills']} fills"
        deaths = f", {killed} kills" if killed else ""
        over = "; the recording ends here, Ctrl-C ends the demo" if state["at_horizon"] else ""
        self._bar.update(self._task, completed=share, date=date, events=events + deaths + over)
