"""Nobody but this host reaches our ports, or it is said who could; what was not looked at proves nothing."""

import pytest

from interlock.evidence.ports_proof import PRIVATE, ports_proof
from interlock.host.published import Published
from interlock.host.sockets import Listener
from interlock.values import Unknown

DOORS = (8002, 3000)
HEARD = (Listener("127.0.0.1", 8002), Listener("127.0.0.1", 3000), Listener("0.0.0.0", 22))  # noqa: S104 - what a host shows
PUBLISHED = (
    Published("backend-aws", "127.0.0.1", 8002, 8002),
    Published("frontend-aws", "127.0.0.1", 3000, 3000),
)


def test_doors_on_loopback_alone_hold_and_other_peoples_ports_are_no_matter() -> None:
    assert ports_proof(DOORS, HEARD, PUBLISHED).holds
    assert ports_proof(DOORS, HEARD, None).holds


@pytest.mark.parametrize("address", ["0.0.0.0", "[::]", "*", "10.0.0.7", "[fe80::1]"])  # noqa: S104 - the fault itself
@pytest.mark.parametrize("port", [*DOORS, *sorted(PRIVATE)])
def test_any_other_address_fails(address: str, port: int) -> None:
    row = ports_proof(DOORS, (*HEARD, Listener(address, port)), PUBLISHED)

    assert not row.holds
    assert f"{address}:{port}" in row.found


def test_a_private_port_may_stand_on_loopback() -> None:
    assert ports_proof(DOORS, (*HEARD, Listener("127.0.0.1", 5432)), PUBLISHED).holds


@pytest.mark.parametrize("missing", [0, 1])
def test_a_door_that_is_missing_in_either_word_fails(missing: int) -> None:
    rest = HEARD[1 - missing], HEARD[2]
    assert not ports_proof(DOORS, rest, PUBLISHED).holds
    assert not ports_proof(DOORS, HEARD, PUBLISHED[1 - missing : 2 - missing]).holds


def test_another_loopback_address_is_not_the_door() -> None:
    other = (Listener("[::1]", 8002), Listener("127.0.0.2", 8002), HEARD[1])

    assert not ports_proof(DOORS, other, PUBLISHED).holds


def test_what_compose_publishes_without_an_address_is_public_whatever_the_port() -> None:
    for public in ("", "0.0.0.0", "::"):  # noqa: S104 - the fault itself
        assert not ports_proof(DOORS, HEARD, (*PUBLISHED, Published("db", public, 0, 5432))).holds


def test_who_could_not_look_has_proven_nothing() -> None:
    for heard, published in ((Unknown("no ss"), PUBLISHED), (HEARD, Unknown("no docker"))):
        row = ports_proof(DOORS, heard, published)
        assert not row.holds
        assert row.compared == 0
