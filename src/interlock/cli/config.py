"""`interlock config`: every setting with its value, where it came from, and what it does; secrets as ***."""

from interlock.cli.saying import AsJson, say, say_json, say_table
from interlock.settings import read, rows


def config(*, as_json: AsJson = False) -> None:
    """Show every setting, its source and its effect."""
    settings = read()
    found = rows(settings)
    if as_json:
        listed = [
            {
                "name": r.name,
                "alias": r.alias,
                "value": r.value,
                "source": r.source,
                "effect": r.effect,
            }
            for r in found
        ]
        say_json({"settings": listed, "ignored": list(settings.ignored)})
        return
    say_table(
        "",
        ("setting", "value", "source", "effect"),
        [(r.name, r.value, r.source, r.effect) for r in found],
    )
    for name in settings.ignored:
        say(f"{name} is set and no longer does anything.")
