"""Writes docs/simulator_scenarios.md from the shipped scenario files and the control words: nobody edits that page by hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_type_hints

import msgspec

from interlock.simulator.scenes.scene import SHIPPED, Setup, find, names
from interlock.simulator.scenes.words import WORDS

PAGE: Final = Path(__file__).parents[1] / "docs" / "simulator_scenarios.md"
EXAMPLE: Final = "hand_trade"
HEAD: Final = """# Scenarios

*Written by `python scripts/simulator_scenarios.py` from the scenario files and the control words; a test compares them.*

A scenario is a file that says how a simulated exchange begins and what is then done to it and to those who use it.

```sh
interlock simulate --scenario {example}  # one that is shipped, or a file of your own
interlock simulate --scenarios            # the list
```

`GET /control/scenario` shows what was done, when, and what came of it. A file is read strictly: what it gets wrong is told with its name
and the key before the exchange begins. On the stepping clock the same file gives the same bytes.

## The format

1. TOML: a `title`, a sentence of what it `proves`, an optional `[setup]`, and any number of `[[step]]`.
2. `[setup]` knows {setup}; what it says takes the place of the command's options.
3. A step says exactly one control word, with the body that the control port takes: `halt = {{ symbol = "BTC_USDT" }}`.
4. `after` is how long after the start it is done: `"90s"`, `"250ms"`, `"1.5m"`, `"2h"`, `"1d"`. Nothing said: at once.
5. `on = "accept"` waits for an accepted order of anybody (those by hand count), `on = "fill"` for an execution.
6. `on = "private/user-balance"`, or another method, waits for a request, and is done before that is answered; a fault meets the next one.
7. `nth` says which of them, counted from the start; 1 where nothing is said. Each step is done once.
8. With `on`, `after` counts from there.
9. Amounts and prices are texts (`"0.001"`), as on the wire.
10. Of one instant, what stands first in the file is done first; what cannot be done is written down, and the rest goes on.

A whole example, `{example}.toml`:

```toml
{text}```

## What is shipped

| name | title | what it proves |
|---|---|---|
"""
FOOT: Final = """
## The words

Each is `POST /control/WORD` too. A field in brackets may be left out. What `arm` can arm is listed in
[simulator_faults.md](simulator_faults.md). During a halt the recording goes on unseen: afterwards candles and trades show what it holds for
that time, and the price is where it has got to.

| word | fields | does |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    text = (SHIPPED / f"{EXAMPLE}.toml").read_text(encoding="utf-8")
    setup = ", ".join(f"`{name}`" for name in get_type_hints(Setup))
    head = HEAD.format(example=EXAMPLE, setup=setup, text=text)
    return "".join((head, *_shipped(), FOOT, *_words()))


def _shipped() -> Iterator[str]:
    for name in names():
        scene = find(name)
        yield f"| `{name}` | {scene.title} | {scene.proves} |\n"


def _words() -> Iterator[str]:
    for name, word in WORDS.items():
        fields = msgspec.structs.fields(word.shape)
        told = ", ".join(
            f"`{f.encode_name}`" if f.required else f"[`{f.encode_name}`]" for f in fields
        )
        yield f"| `{name}` | {told} | {word.law} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE} is written.")
