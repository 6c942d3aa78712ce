"""What compose publishes, in the forms in which compose itself renders it; everything else is unknown, and nothing of it is repeated."""

import pytest

from interlock.host.published import Published, published
from interlock.values import Unknown

LONG = """
services:
  db: {image: postgres}
  backend-aws:
    environment: {EXCHANGE_CUSTOM_API_SECRET: planted-secret}
    ports:
      - mode: ingress
        host_ip: 127.0.0.1
        target: 8002
        published: "8002"
        protocol: tcp
"""


def of(entry: str) -> Published:
    found = published(f"services: {{web: {{ports: [{entry}]}}}}")
    assert isinstance(found, tuple)
    return found[0]


def test_the_long_form_names_its_address() -> None:
    assert published(LONG) == (Published("backend-aws", "127.0.0.1", 8002, 8002),)


@pytest.mark.parametrize(
    ("entry", "address", "port", "is_loopback"),
    [
        ('"127.0.0.1:8002:8002"', "127.0.0.1", 8002, True),
        ("127.0.0.1:8002:8002/tcp", "127.0.0.1", 8002, True),
        ('"[::1]:8002:8002"', "[::1]", 8002, True),
        ('"8002:8002"', "", 8002, False),
        ("8002", "", 0, False),
        ('"0.0.0.0:8002:8002"', "0.0.0.0", 8002, False),  # noqa: S104 - the fault itself
        ("{target: 8002, published: 8002}", "", 8002, False),
        ("{target: 8002}", "", 0, False),
        ('{target: 8002, published: 8002, host_ip: "::"}', "::", 8002, False),
    ],
)
def test_a_short_form_is_read_and_one_without_an_address_is_public(
    entry: str, address: str, port: int, *, is_loopback: bool
) -> None:
    found = of(entry)

    assert (found.address, found.port, found.is_loopback) == (address, port, is_loopback)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "services: []",
        "services: {web: []}",
        "services: {web: {ports: 8002}}",
        "services: {web: {ports: [planted-secret]}}",
        'services: {web: {ports: ["8000-8010:8000-8010"]}}',
        "services: {web: {ports: [{published: 8002}]}}",
        "services: {planted-secret",
        "!!python/object:os.system {}",
    ],
)
def test_what_cannot_be_read_is_unknown_and_is_not_repeated(text: str) -> None:
    found = published(text)

    assert isinstance(found, Unknown)
    assert "planted" not in found.why
