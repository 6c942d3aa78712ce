"""The certificate of LIVE: bound to code, exchange, caps, key and host, good for a while, and whatever is not known is a doubt."""

from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest

from interlock.evidence.certificate import FRESH, NAME, Bound, Certificate, doubt
from interlock.host.evidence_files import keep_certificate, read_certificate
from interlock.values import Unknown
from tests.fakes.goods import NOW

BOUND = Bound("1.2.3", "https://api.crypto.com/exchange/v1", "abc", "12345678")
SOUND = Certificate(
    "run-1", NOW, BOUND.version, "deadbeef", BOUND.exchange, BOUND.caps, "host-1", BOUND.key
)


def test_a_fresh_certificate_of_this_very_installation_leaves_no_doubt() -> None:
    assert doubt(SOUND, BOUND, "host-1", NOW + FRESH) is None


@pytest.mark.parametrize("name", [each.name for each in fields(Bound)])
def test_another_value_of_what_it_is_bound_to_is_another_installation(name: str) -> None:
    ours = replace(BOUND, **{name: "other"})

    why = doubt(SOUND, ours, "host-1", NOW)
    assert why is not None
    assert name in why
    assert doubt(SOUND, replace(BOUND, **{name: ""}), "host-1", NOW) is not None


def test_another_host_is_not_certified() -> None:
    """Fault N13."""
    assert doubt(SOUND, BOUND, "host-2", NOW) == "it was given for another host"


def test_an_old_one_and_one_from_the_future_are_doubted() -> None:
    for at in (NOW + FRESH + timedelta(seconds=1), NOW - timedelta(seconds=1)):
        why = doubt(SOUND, BOUND, "host-1", at)
        assert why is not None
        assert "good for 30 days" in why


def test_none_and_one_that_cannot_be_read_are_doubted_with_their_why(tmp_path: Path) -> None:
    missing = read_certificate(tmp_path / NAME)
    (tmp_path / NAME).write_text('{"certificate": {"run_id": "x"}}', encoding="utf-8")
    broken = read_certificate(tmp_path / NAME)

    assert isinstance(missing, Unknown)
    assert isinstance(broken, Unknown)
    assert doubt(missing, BOUND, "host-1", NOW) == missing.why
    assert doubt(broken, BOUND, "host-1", NOW) == broken.why


def test_what_is_kept_is_read_back_to_the_letter(tmp_path: Path) -> None:
    keep_certificate(tmp_path / NAME, SOUND)

    assert read_certificate(tmp_path / NAME) == SOUND
