"""The last run of the audit's service, as the journal and the service manager tell it together."""

from interlock.evidence.verification import SERVICE
from interlock.host.units import ENDED_WELL, read

OLD, NEW = "a" * 32, "b" * 32


def own(run: str, text: str) -> dict[str, str]:
    """A line that the service wrote."""
    return {
        "_SYSTEMD_UNIT": SERVICE,
        "_SYSTEMD_INVOCATION_ID": run,
        "__REALTIME_TIMESTAMP": "1764000000000000",
        "MESSAGE": text,
    }


def told(run: str, message_id: str = "") -> dict[str, str]:
    """A line that the manager wrote of the service."""
    about = {"_PID": "1", "_SYSTEMD_UNIT": "init.scope", "INVOCATION_ID": run}
    return {**about, "MESSAGE": "PASS", "MESSAGE_ID": message_id}


def test_a_run_that_died_before_its_first_word_is_the_last_one() -> None:
    found = read([own(OLD, "PASS"), told(NEW)], {"InvocationID": NEW, "Result": "signal"})

    assert found is not None
    assert (found.id, found.result, found.lines) == (NEW, "signal", ())


def test_a_run_that_has_not_ended_has_no_result_yet() -> None:
    now_is = {"InvocationID": NEW, "Result": "success", "ActiveState": "activating"}
    found = read([own(NEW, "PASS")], now_is)

    assert found is not None
    assert found.result == "still running"


def test_a_run_before_the_last_boot_ended_as_the_manager_wrote_then() -> None:
    well = read([own(OLD, "PASS"), told(OLD, ENDED_WELL)], {"InvocationID": ""})
    silent = read([own(OLD, "PASS"), told(OLD)], {})

    assert well is not None
    assert well.result == "success"
    assert [line.text for line in well.lines] == ["PASS"]
    assert silent is not None
    assert silent.result != "success"


def test_another_process_that_claims_to_be_the_manager_is_not_heard() -> None:
    forged = {**told(NEW, ENDED_WELL), "_PID": "4711"}

    assert read([forged], {"InvocationID": NEW, "Result": "success"}) is None
