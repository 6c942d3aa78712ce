"""A scene being played on an exchange, in process or served: every step at its time, and what came of it written down."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec

from interlock.errors import Misuse
from interlock.simulator.cues import ACCEPT, FILL
from interlock.simulator.floor import OnlyRecorded
from interlock.simulator.scenes.scene import BadScenario, Scene, Step
from interlock.simulator.scenes.words import OF_RECORDINGS, WORDS, Stage
from interlock.simulator.streams.faults import Disturbance
from interlock.values import Instant


@dataclass(slots=True)
class Played:
    """One step: when it was done (None: not yet), and what was told of it or what was wrong."""

    step: Step
    at: Instant | None = None
    told: object = None
    error: str | None = None

    def row(self) -> dict[str, object]:
        """How the control port shows it."""
        at_us = None if self.at is None else self.at.micros
        shown: dict[str, object] = {"word": self.step.word, "said": self.step.said, "at_us": at_us}
        return shown | {"told": self.told, "error": self.error}


class Play:
    """A scene on a stage. It begins at once; whatever cannot be is said before."""

    def __init__(self, scene: Scene, stage: Stage) -> None:
        self.scene: Final = scene
        self._stage: Final = stage
        self._is_over = False
        self._played: Final = [Played(step) for step in scene.steps]
        for n, step in enumerate(scene.steps, start=1):
            self._must_be_possible(step, f"{scene.name}: step {n}")
        for played in self._played:
            step, do = played.step, partial(self._do, played)
            if step.cue is None:
                stage.engine.later.put(stage.engine.now + step.after, do)
            else:
                stage.engine.cues.put(step.cue, do)
        stage.engine.advance(stage.engine.now)

    def row(self) -> dict[str, Any]:
        """What is played, and how far it is."""
        steps = [played.row() for played in self._played]
        return {"name": self.scene.name, "title": self.scene.title, "steps": steps}

    def end(self) -> None:
        """What was not done yet is not done any more."""
        self._is_over = True

    def _do(self, played: Played) -> None:
        if self._is_over:
            return
        played.at = self._stage.engine.now
        try:
            told = WORDS[played.step.word].do(self._stage, played.step.asked)
        except Misuse as wrong:
            played.error = wrong.line()
            return
        played.told = msgspec.to_builtins(told)

    def _must_be_possible(self, step: Step, where: str) -> None:
        engine = self._stage.engine
        if step.cue is not None and step.cue.what not in {ACCEPT, FILL, *engine.methods}:
            raise BadScenario(f"{where}: on names {step.cue.what}, which is no method here.")
        symbol = getattr(step.asked, "symbol", None)
        if symbol is not None and not engine.floor.trades(symbol):
            raise BadScenario(f"{where}: symbol names {symbol}, which is not traded here.")
        if step.word in OF_RECORDINGS and not engine.floor.is_recorded:
            raise OnlyRecorded(f"{where}: {step.word} is nothing that happens to a live market.")
        if isinstance(step.asked, Disturbance) and self._stage.audience is None:
            raise BadScenario(f"{where}: in process there are no sockets to disturb.")
