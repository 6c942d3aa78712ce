"""The status page shows what the exchange does, to people: as text that does nothing, loads nothing and tells no secret."""

import re
from html.parser import HTMLParser

from typing_extensions import override

from interlock.simulator.config import demo_key
from interlock.simulator.front.page import Table, page
from tests.rooms.simulator.sockets import BTC, World, run

EVIL = "<script>alert('x')</script>"


class Words(HTMLParser):
    """The elements of a page, and the texts of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    @override
    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_page_shows_the_clock_the_account_the_faults_and_who_asks() -> None:
    async def test(world: World) -> None:
        await world.order("BUY", "0.01", client_oid="bought")
        await world.order("SELL", "0.005", price="70000", client_oid=EVIL)
        await world.control("arm", fault="lag", seconds=60, by_seconds=20)
        await world.control("arm", fault="refuse", method="private/get-trades")
        await world.ask("private/get-trades")
        async with world.user() as client:
            await client.subscribe("user.order")
            async with world.session.get(world.at.control) as reply:
                text, headers = await reply.text(), reply.headers

        said = Words(text)
        for each in (
            "2024-02-29 00:00:00.000",
            BTC,
            "bought",
            EVIL,
            "70000.00",
            "lag",
            "refuse",
            "user.order",
            "private/get-trades",
            "42901",
        ):
            assert each in said.texts
        assert not {"script", "link", "img", "iframe", "form"} & set(said.tags)
        assert not [name for name in said.attributes if name in {"src", "href", "onload"}]
        assert "http-equiv" in said.attributes
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")
        assert not re.search(demo_key(0).secret.reveal(), text)
        assert world.at.control.rsplit("/", 1)[1] not in text

    run(test)


def test_an_empty_exchange_says_none() -> None:
    async def test(world: World) -> None:
        async with world.session.get(f"{world.at.control}/") as reply:
            assert (await reply.text()).count("None.") >= 5

    run(test)


def test_every_text_of_the_page_is_escaped() -> None:
    text = page(EVIL, EVIL, {EVIL: EVIL}, [Table(EVIL, (EVIL,), [(EVIL * 9, None)])])

    assert "script" not in Words(text).tags
    assert Words(text).texts.count(EVIL) == 7
