"""Names of attributes and commands, and what is in the way before Tango is asked."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from ophyd_decl.connectors.protocol import Description
from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.connectors.tango import reach, trl
from ophyd_decl.errors import AbsentError
from ophyd_decl.vocab.addresses import split_tango
from tests.contract.labs import ANY
from tests.pace import turning
from tests.servers.fixtures import TangoFactory

MALFORMED = {
    " ": "the address is blank",
    "tango://127.0.0.1/a/b/c/State#dbase=no": "host and port",
    "tango://127.0.0.1:88888/a/b/c/State#dbase=no": "no port 88888",
    "tango://127.0.0.1:1/a/b/State#dbase=no": "three parts",
    "tango://127.0.0.1:1/a/b/c/State#dbase=maybe": "dbase=no",
    "a/b/c/State#dbase=no": "host and port",
    "ca://a/b/c/State": "tango://",
    "a/b/c/": "attribute or command",
    "State": "a part of the name is empty",
}


@pytest.mark.parametrize(("address", "words"), MALFORMED.items())
async def test_a_malformed_name_is_refused_at_once(address: str, words: str) -> None:
    connector = make_connector("tango")
    channel = connector.channel(address, ANY)
    async with turning() as clock:
        (outcome,) = await connector.connect([channel], time.monotonic() + 5)
        assert clock() < 0.5
    assert isinstance(outcome, AbsentError)
    assert words in outcome.problem
    await connector.close()


def test_the_parts_of_a_name() -> None:
    assert split_tango("tango://pc:1/a/b/c/State#dbase=no") == ("tango://pc:1/a/b/c#dbase=no", "State")
    assert split_tango("ring/Current") == ("ring", "Current")
    one, other = trl.parse("tango://PC:1/A/B/c#dbase=no"), trl.parse("tango://pc:1/a/b/c#DBASE=NO")
    assert one.key == other.key
    assert not one.has_database
    assert trl.parse("tango://pc:1/a/b/c").key != one.key
    assert trl.parse("a/b/c").has_database


@contextmanager
def listener(answer: bytes | None) -> Iterator[int]:
    """Listen, and give this answer to whatever is sent; None: none ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def serve() -> None:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            kept.append(connection)
            connection.settimeout(5)
            connection.recv(1000)
            if answer is not None:
                connection.sendall(answer)
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            thread.join()
            for connection in kept:
                connection.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "is no Tango server"),
        (b"", "is it a Tango server?"),
        (None, "does not answer"),
    ],
)
def test_what_is_no_tango_server_is_said_to_be_none(answer: bytes | None, words: str) -> None:
    with listener(answer) as port:
        started = time.monotonic()
        assert words in reach.obstacle("127.0.0.1", port, "a/b/c", 0.3)
        assert time.monotonic() - started < 2


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert reach.obstacle("127.0.0.1", port, "a/b/c", 1.0) == f"no server listens at 127.0.0.1:{port}"


def test_a_tango_server_says_which_devices_it_has(tango_factory: TangoFactory) -> None:
    server = tango_factory({"lab/a/1": "Lab"})
    port = server.ports.ca
    assert reach.obstacle("127.0.0.1", port, "LAB/A/1", 5.0) == ""
    assert (
        reach.obstacle("127.0.0.1", port, "lab/a/2", 5.0) == f"the server at 127.0.0.1:{port} has no device `lab/a/2`"
    )
    with server.hung():
        assert reach.obstacle("127.0.0.1", port, "lab/a/1", 0.3) == f"127.0.0.1:{port} does not answer"


def test_one_look_at_a_server_will_do_for_all_of_its_devices() -> None:
    looks = reach.Looks()
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(5) as threads:
        server.settimeout(0.0)
        port = server.getsockname()[1]

        def came() -> int:
            count = 0
            while True:
                try:
                    server.accept()[0].close()
                except BlockingIOError:
                    return count
                count += 1

        names = [f"a/b/{number}" for number in range(5)]
        found = set(threads.map(lambda name: looks.obstacle("127.0.0.1", port, name, 0.5), names))
        assert found == {f"127.0.0.1:{port} does not answer"}
        assert came() == 1
        looks.obstacle("127.0.0.1", port, "a/b/1", 0.3)  # what is in the way counts for those who have waited only
        assert came() == 1


async def test_a_device_that_is_not_there_is_told_from_one_that_is(
    tango_client: None, tango_factory: TangoFactory
) -> None:
    server = tango_factory({"lab/a/1": "Lab"})
    connector = make_connector("tango")
    channels = [connector.channel(server.address("State", f"lab/a/{number}"), ANY) for number in (1, 2, 3)]
    there, *absent = await connector.connect(channels, time.monotonic() + 2)
    assert isinstance(there, Description)
    for number, outcome in zip((2, 3), absent, strict=True):
        assert isinstance(outcome, AbsentError)
        assert outcome.problem == f"the server at 127.0.0.1:{server.ports.ca} has no device `lab/a/{number}`"
    await connector.close()
