"""`interlock backup` and `interlock restore`: the books as one file with a manifest, and back.

Prices and bars are not in it: the market file fills itself again.
"""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.access import clock_of
from interlock.cli.saying import AsJson, say, say_json
from interlock.settings import read
from interlock.store.backup import manifest_path
from interlock.wiring.keeping import backup as make
from interlock.wiring.keeping import restore as put

NOT_IN_IT = "The market file is not in it: it fills itself again."


def backup(
    file: Annotated[Path | None, typer.Argument(help="Where it is written; a new file.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Back up the books while the engine runs; the file is read back before it is called a backup."""
    settings = read()
    now = clock_of(settings)()
    stamp = now.iso().replace(":", "")
    path = file or settings.data / "backups" / f"books-{stamp}.sqlite"
    made = make(settings, path, now)
    if as_json:
        say_json(
            {
                "file": str(path),
                "manifest": str(manifest_path(path)),
                "schema": made.schema,
                "venue": made.venue,
                "install_id": made.install_id,
                "newest": made.newest,
                "seals": made.seals,
                "head": made.head,
                "sha256": made.sha256,
                "bytes": made.bytes,
            }
        )
        return
    say(
        f"{path}: books {made.venue} {made.install_id} as of {made.newest}, {made.bytes} bytes, sound."
    )
    say(f"Keep {manifest_path(path).name} beside it. {NOT_IN_IT}")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup, with its manifest beside it.")],
    why: Annotated[str, typer.Option("--why", help="The reason, which is kept.")],
    *,
    over: Annotated[
        bool, typer.Option("--over", help="Books are there: keep them beside, and restore.")
    ] = False,
    other_install: Annotated[
        bool, typer.Option("--other-install", help="The backup is of another installation.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put the books of a backup in place; entries stay paused until `resume`, and the engine reconciles first."""
    settings = read()
    done = put(
        settings,
        file,
        getpass.getuser(),
        why,
        clock_of(settings)(),
        over=over,
        other_install=other_install,
    )
    if as_json:
        say_json({"newest": done.manifest.newest, "kept": str(done.kept) if done.kept else None})
        return
    say(f"Restored as of {done.manifest.newest}; entries are paused.")
    if done.kept is not None:
        say(f"The books that were there: {done.kept}")
    say(
        "Start the engine: it reconciles first. Then `interlock reconcile`, and `interlock resume`."
    )
