"""A port listens on one address, says who is in the way, and knows its own names."""

import pytest

from interlock.errors import BadSettings
from interlock.host.door import authorities, is_called_by, is_from_ours, listen

NAMES = authorities(8002, ["platform.lan:443"])


def asked(*headers: tuple[bytes, bytes]) -> dict[str, object]:
    return {"headers": list(headers)}


def test_a_taken_port_is_a_bad_setting_that_names_itself() -> None:
    with listen("127.0.0.1", 0, "ANY") as door:
        port = door.getsockname()[1]
        with pytest.raises(BadSettings, match=f"INTERLOCK__API__PORT: 127.0.0.1:{port}"):
            listen("127.0.0.1", port, "INTERLOCK__API__PORT")


def test_an_address_that_is_not_ours_is_a_bad_setting() -> None:
    with pytest.raises(BadSettings, match="INTERLOCK__API__BIND"):
        listen("192.0.2.1", 0, "INTERLOCK__API__BIND")


@pytest.mark.parametrize(
    ("hosts", "is_ours"),
    [
        (["127.0.0.1:8002"], True),
        (["[::1]:8002"], True),
        (["platform.lan:443"], True),
        (["Platform.LAN:443"], True),
        (["127.0.0.1:8003"], False),
        (["evil.test"], False),
        ([""], False),
        ([], False),
        (["127.0.0.1:8002", "127.0.0.1:8002"], False),
    ],
)
def test_exactly_one_of_our_names_with_its_port(hosts: list[str], is_ours: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert is_called_by(asked(*((b"host", host.encode()) for host in hosts)), NAMES) is is_ours


@pytest.mark.parametrize(
    ("origin", "is_ours"),
    [(None, True), ("http://127.0.0.1:8002", True), ("http://evil.test", False), ("null", False)],
)
def test_a_page_that_names_itself_must_be_ours(origin: str | None, is_ours: bool) -> None:  # noqa: FBT001 (a column of the table)
    headers = [] if origin is None else [(b"origin", origin.encode())]

    assert is_from_ours(asked(*headers), NAMES) is is_ours
