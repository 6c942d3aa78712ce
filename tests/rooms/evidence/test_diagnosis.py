"""The tree of questions over the facts of our access: each cause by facts alone, and the seed's remedy word for word."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.evidence.checkup import Verdict, access_findings, may_trade
from interlock.evidence.diagnosis import (
    REMEDY,
    STEPS,
    AccessFacts,
    Cause,
    LastGood,
    No,
    Yes,
    diagnose,
    facts_in_words,
)
from interlock.values import Instant, Known, Unknown

NOW = Instant.of_iso("2026-02-03T04:05:06")
BALANCE, OPEN, CANCEL = "private/user-balance", "private/get-open-orders", "private/cancel-order"
HERE, THERE = "203.0.113.7", "203.0.113.8"
WHY = Unknown("nobody answered")
SHUT = No(401, 40101, "Authentication failure")
ILLEGAL = No(401, 40103, "IP_ILLEGAL")
WELL = AccessFacts(
    at=NOW,
    fingerprint="1a2b3c4d",
    signer_works=True,
    public=Known("HTTP 200, code 0", NOW),
    offset=timedelta(seconds=0.4),
    private={BALANCE: Yes(), OPEN: Yes(), CANCEL: Yes()},
    egress=HERE,
    last_good=LastGood(HERE, NOW, "1a2b3c4d"),
    egress_sources={"https://one.test": Known(HERE, NOW)},
)
REFUSED = replace(WELL, private={BALANCE: SHUT, OPEN: SHUT})
ILLEGALLY = replace(WELL, private={BALANCE: ILLEGAL, OPEN: ILLEGAL})


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (WELL, Cause.NONE),
        (replace(WELL, fingerprint="", private={}), Cause.NO_KEY),
        (replace(REFUSED, public=WHY), Cause.NETWORK),
        (replace(WELL, public=WHY, private={BALANCE: WHY}), Cause.NETWORK),
        (replace(REFUSED, offset=timedelta(seconds=-30.1)), Cause.CLOCK),
        (replace(WELL, private={BALANCE: No(401, 40102, "INVALID_NONCE")}), Cause.CLOCK),
        (replace(REFUSED, signer_works=False), Cause.SIGNER),
        (replace(WELL, private={BALANCE: Yes(), CANCEL: SHUT}), Cause.PERMISSION),
        (replace(REFUSED, last_good=WHY), Cause.ADDRESS),
        (replace(REFUSED, last_good=LastGood(THERE, NOW, "")), Cause.ADDRESS),
        (replace(REFUSED, egress=WHY), Cause.ADDRESS),
        (replace(REFUSED, offset=timedelta(seconds=30), last_good=WHY), Cause.ADDRESS),
        (replace(REFUSED, offset=WHY, last_good=WHY), Cause.ADDRESS),
        (ILLEGALLY, Cause.ADDRESS),
        (REFUSED, Cause.KEY),
        (replace(WELL, private={BALANCE: WHY}), Cause.SILENCE),
        (replace(WELL, private={BALANCE: Yes(), OPEN: WHY}), Cause.SILENCE),
        (replace(WELL, private={BALANCE: No(429, 42901, "RATE")}), Cause.REFUSAL),
        (replace(WELL, private={}), Cause.SILENCE),
    ],
)
def test_the_first_question_that_is_answered_with_yes_names_the_cause(
    facts: AccessFacts, cause: Cause
) -> None:
    assert diagnose(facts).cause is cause
    assert may_trade(access_findings(facts)) is (cause is Cause.NONE)


def test_the_remedy_of_an_address_is_the_seeds_word_for_word() -> None:
    assert diagnose(replace(REFUSED, last_good=WHY)).remedy == REMEDY
    assert REMEDY == (
        "Most likely: egress IP not allowlisted. Add the IP returned by `curl -s https://api.ipify.org` on this host to the API "
        "key allowlist in the exchange's API key settings, save, wait 1–2 minutes, confirm that the backend uses that key, "  # noqa: RUF001 (the seed's dash)
        "run again. If it still fails follow steps 2–6."  # noqa: RUF001 (likewise)
    )
    assert REMEDY in diagnose(REFUSED).remedy
    access = access_findings(replace(REFUSED, last_good=WHY))[-1]
    assert access.remedy.startswith(REMEDY)
    assert all(step in access.remedy for step in STEPS)


def test_the_facts_come_in_the_order_of_the_report_and_verbatim() -> None:
    said = facts_in_words(replace(REFUSED, private={BALANCE: SHUT, OPEN: WHY}))

    assert [line.partition(":")[0] for line in said] == [
        "refused",
        "at",
        "clock offset to the exchange",
        "key fingerprint",
        "signature self-test",
        "egress IP now",
        "last known good egress IP",
        "other private methods",
        "public API",
    ]
    assert said[0] == f"refused: {BALANCE}: HTTP 401, code 40101, 'Authentication failure'"
    assert f"{OPEN}: UNKNOWN — nobody answered" in said[7]


def test_a_cause_is_likely_and_never_said_to_be_proven() -> None:
    for facts in (REFUSED, ILLEGALLY, replace(REFUSED, last_good=WHY)):
        assert "most likely" in diagnose(facts).remedy.lower()
        assert "most likely" in access_findings(facts)[-1].found


def test_what_could_not_be_asked_is_a_row_with_its_why() -> None:
    dark = AccessFacts(
        at=NOW,
        fingerprint="1a2b3c4d",
        signer_works=True,
        public=WHY,
        offset=WHY,
        private={BALANCE: WHY},
        egress=WHY,
        last_good=WHY,
        egress_sources={"https://one.test": WHY},
    )
    rows = {row.fact: row for row in access_findings(dark)}

    unknown = {fact for fact, row in rows.items() if row.verdict is Verdict.UNKNOWN}
    assert unknown == set(rows) - {"key fingerprint", "signature self-test"}
    assert all(rows[fact].found for fact in unknown)


def test_an_unknown_address_stops_nobody_whom_the_exchange_lets_in() -> None:
    offline = replace(WELL, egress=WHY, last_good=WHY, offset=WHY)

    assert may_trade(access_findings(offline))


SAID = st.sampled_from((Yes(), SHUT, ILLEGAL, WHY, No(500, 50001, "x")))
PRIVATE = st.dictionaries(st.sampled_from((BALANCE, OPEN, CANCEL)), SAID)


@given(PRIVATE, st.booleans(), st.sampled_from((WHY, timedelta(0), timedelta(61))))
def test_only_an_exchange_that_lets_us_in_everywhere_lets_us_trade(
    private: Mapping[str, Yes | No | Unknown],
    signs: bool,  # noqa: FBT001 (a column that hypothesis draws)
    offset: timedelta | Unknown,
) -> None:
    facts = replace(WELL, private=private, signer_works=signs, offset=offset)
    is_in = bool(private) and all(said == Yes() for said in private.values())

    if may_trade(access_findings(facts)):
        assert is_in
        assert signs
        assert offset != timedelta(61)
