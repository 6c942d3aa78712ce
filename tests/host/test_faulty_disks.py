"""Books on a disk that fails at a chosen call, is full, or is read-only: what was acknowledged stays, and nothing is sent in doubt."""

from pathlib import Path

import pytest

from tests.host.small_disk import on_a_small_disk
from tests.rehearsal.faulty_disks import (
    CLOSED,
    FOLDER_NOT_SYNCED,
    FULL,
    KILL,
    NOT_SYNCED,
    Swept,
    is_killed,
    is_over,
    sweep,
    went_on,
)

pytestmark = pytest.mark.host

ORDERS = 2


def test_a_process_that_dies_at_any_write_keeps_what_was_acknowledged_and_no_half_of_a_transaction(
    tmp_path: Path,
) -> None:
    """A2, A10: SIGKILL at the n-th `pwrite64`; `make release-figures` dies at every one, here at some of each transaction."""
    swept = sweep(tmp_path, KILL, ORDERS, is_killed, is_new=False, step=11)

    assert swept.violations == ()
    assert swept.killed == swept.points >= 20


def test_a_disk_that_does_not_confirm_a_write_ends_the_process_there_and_then(
    tmp_path: Path,
) -> None:
    """H3: EIO at every `fdatasync` of a life that makes its books, and at every `fsync`: never a later send."""
    for fault, floor in ((NOT_SYNCED, 15), (FOLDER_NOT_SYNCED, 3)):
        swept = sweep(tmp_path / fault.call, fault, ORDERS, is_over, is_new=True)

        assert swept.violations == ()
        assert swept.ended >= floor


def test_a_write_for_which_there_is_no_room_halves_nothing_and_the_next_one_is_made(
    tmp_path: Path,
) -> None:
    """H2: ENOSPC at the n-th `pwrite64`."""
    swept = sweep(tmp_path, FULL, ORDERS, went_on, is_new=False, step=23)

    assert swept.violations == ()
    assert swept.points >= 10


def test_a_disk_that_turns_read_only_under_a_life_ends_it_or_stops_its_sends(
    tmp_path: Path,
) -> None:
    """H10: EROFS at every `pwrite64` from the n-th on."""
    swept: Swept = sweep(tmp_path, CLOSED, ORDERS, went_on, is_new=False, step=29)

    assert swept.violations == ()
    assert swept.ended + swept.troubled == swept.points >= 8


def test_on_a_full_disk_nothing_new_is_asked_for_and_what_rests_can_be_cancelled(
    tmp_path: Path,
) -> None:
    """H2: a real file system without a free block, and the room that was kept free for this."""
    found = on_a_small_disk("full", tmp_path)

    assert "full" in str(found["full"])
    assert "full" in str(found["again"])
    assert isinstance(found["rows"], int)
    assert found["rows"] >= 12
    assert (found["may_send"], found["answered"], found["killed"]) == (True, "CANCELLING", True)
    assert "nothing new is asked for" in str(found["new"]), "the room was given up for the cancel"
    assert (found["epoch"], found["wrong"], found["roomy"]) == (2, [], "")


def test_a_file_system_that_was_turned_read_only_is_not_begun_on_and_what_it_holds_stays(
    tmp_path: Path,
) -> None:
    """H10: remounted read-only between two lives."""
    found = on_a_small_disk("closed", tmp_path)

    assert "Read-only" in str(found["closed"])
    assert (found["epoch"], found["wrong"]) == (2, [])
