"""When a server of Channel Access counts as silent, with a clock and questions of the test's own."""

import asyncio
import logging
from contextlib import nullcontext
from typing import Any

import pytest

from ophyd_decl.connectors.ca import servers
from ophyd_decl.connectors.ca.servers import Server, Servers
from ophyd_decl.connectors.inbox import Inbox
from ophyd_decl.connectors.later import Later

LIVENESS_S = 5.0


class FakeLink:
    """A link as far as its server knows it."""

    def __init__(self, host: str = "ioc:5064", can_be_asked: bool = True) -> None:
        self.wire_host = host
        self.can_be_asked = can_be_asked
        self.fallen: list[float] = []

    def fell_silent(self, quiet_s: float) -> None:
        self.fallen.append(quiet_s)


class FakeQuestion:
    """A question that nobody answers."""

    def __init__(self, server: Server, link: Any) -> None:
        asked.append(link)

    def clear(self) -> None:
        """Nothing is to be ignored."""


asked: list[FakeLink] = []


@pytest.fixture(autouse=True)
def questions(monkeypatch: pytest.MonkeyPatch) -> None:
    asked.clear()
    monkeypatch.setattr(servers, "Question", FakeQuestion)


def server_with(*links: FakeLink) -> Server:
    server = Server("ioc:5064")
    server.links = dict.fromkeys(links)  # type: ignore[arg-type]
    server.heard_at = 0.0
    return server


def look_every_half_second(server: Server, until_s: float, since_s: float = 0.0) -> None:
    for number in range(int(2 * since_s) + 1, int(2 * until_s) + 1):
        server.look(number / 2, LIVENESS_S)


def test_it_is_silent_before_the_liveness_time_is_over_and_was_asked_three_times() -> None:
    links = FakeLink(), FakeLink()
    server = server_with(*links)
    look_every_half_second(server, 4.0)
    assert not server.silent
    look_every_half_second(server, 5.0, since_s=4.0)
    assert server.silent
    assert [len(link.fallen) for link in links] == [1, 1]
    assert len(asked) == 3
    assert set(asked) == set(links)  # some may live behind a gateway
    look_every_half_second(server, 60.0, since_s=5.0)
    assert len(asked) == 3


def test_it_is_left_alone_while_it_speaks() -> None:
    server = server_with(FakeLink())
    for number in range(100):
        server.heard_at = number / 2 - 0.4
        server.look(number / 2, LIVENESS_S)
    assert asked == []


def test_an_answer_ends_the_silence() -> None:
    link = FakeLink()
    server = server_with(link)
    look_every_half_second(server, 10.0)
    server.heard_at = 10.0
    look_every_half_second(server, 10.5, since_s=10.0)
    assert not server.silent
    look_every_half_second(server, 15.0, since_s=10.5)
    assert len(link.fallen) == 2


def test_one_look_after_a_long_time_is_not_enough() -> None:
    link = FakeLink()
    server = server_with(link)
    server.look(100.0, LIVENESS_S)
    assert link.fallen == []
    assert asked == [link]


def test_a_server_without_anything_to_read_is_not_judged() -> None:
    link = FakeLink(can_be_asked=False)
    look_every_half_second(server_with(link), 20.0)
    assert link.fallen == []


async def test_a_server_whose_name_is_found_late_is_one() -> None:
    inbox = Inbox(logging.getLogger("test"), nullcontext)
    inbox.bind(asyncio.get_running_loop())
    later = Later(inbox)
    known = Servers(later, lambda: LIVENESS_S)
    early, late, other = FakeLink("127.0.0.1:5064"), FakeLink("localhost:5064"), FakeLink("localhost:5066")
    first: Any = known.join(early, "127.0.0.1:5064")  # type: ignore[arg-type]
    early.wire_host = "localhost:5064"
    assert known.join(late, "localhost:5064") is first  # type: ignore[arg-type]
    assert known.join(other, "localhost:5066") is not first  # type: ignore[arg-type]
    later.cancel()
