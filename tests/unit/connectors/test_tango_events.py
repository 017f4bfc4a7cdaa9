"""How the updates of Tango attributes come: the best that the server offers, never nothing without a word."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import tango

from ophyd_decl.connectors.protocol import Channel, Use
from ophyd_decl.connectors.tango import library
from ophyd_decl.connectors.tango.link import POLL_S
from ophyd_decl.errors import ReadError
from tests.contract.labs import ANY, FLOAT, INT, Seen, TangoLab, until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer


@pytest.fixture(scope="module")
def server(tango_client: None, module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory(numbers=20)


@pytest.fixture
async def lab(server: TangoServer) -> AsyncIterator[TangoLab]:
    made = TangoLab(server)
    made.connector.bind(asyncio.get_running_loop())
    yield made
    await made.connector.close()


class Calls(list[tuple[str, tuple[Any, ...]]]):
    """What our proxies were asked, by name and arguments."""

    def reads(self, name: str = "") -> int:
        """Count the calls that read, or that read this attribute."""
        return sum(what == "read_attributes" and (not name or name in arguments[0]) for what, arguments in self)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Count the calls of every proxy that is made from here on."""
    made = library.make_proxy
    noted = Calls()

    class Counted:
        def __init__(self, trl: str) -> None:
            self._proxy = made(trl)

        def __getattr__(self, name: str) -> Any:
            method = getattr(self._proxy, name)

            def call(*arguments: Any) -> Any:
                noted.append((name, arguments))
                return method(*arguments)

            return call

    monkeypatch.setattr(library, "make_proxy", Counted)
    return noted


async def connected(lab: TangoLab, name: str, datatype: Any = FLOAT, **use: Any) -> Channel:
    channel = lab.connector.channel(lab.address(name), datatype, None, Use(**use))
    await lab.connect(channel)
    assert channel.state == "connected", channel.failure
    return channel


PICKED = [
    ("pushed", "auto", "change"),
    ("polled", "auto", "change"),
    ("archived", "auto", "archive"),
    ("n1", "auto", "polled every 0.25 s"),
    ("State", "auto", "polled every 0.25 s"),
    ("polled", "periodic", "periodic"),
    ("polled", "change", "change"),
    ("polled", "archive", "archive"),
    ("ready", "data_ready", "data_ready"),
    ("pushed", "none", "polled every 0.25 s"),
]


@pytest.mark.parametrize(("name", "events", "picked"), PICKED)
async def test_what_is_picked_is_said(lab: TangoLab, name: str, events: str, picked: str) -> None:
    channel = await connected(lab, name, ANY, events=events)
    assert channel.updates == ""
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values and channel.updates)
    assert channel.updates == picked
    assert seen.errors == []
    monitor.close()


@pytest.mark.parametrize(
    ("name", "events"),
    [("pushed", "auto"), ("polled", "auto"), ("archived", "auto"), ("n1", "auto"), ("polled", "periodic"),
     ("ready", "data_ready"), ("pushed", "none")],
)  # fmt: skip
async def test_each_change_is_delivered_whichever_way(lab: TangoLab, name: str, events: str) -> None:
    channel = await connected(lab, name, events=events)
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values and channel.updates)
    before = seen.values[0]
    for value in (10.0, 20.0, 30.0):
        lab.set(name, value)
        await until(lambda value=value: seen.values[-1] == value)
    assert seen.values == [before, 10.0, 20.0, 30.0]
    lab.set(name, before)
    monitor.close()


@pytest.mark.parametrize("events", ["change", "periodic", "archive", "data_ready"])
async def test_events_that_the_server_does_not_offer_are_an_error(lab: TangoLab, events: str) -> None:
    channel = await connected(lab, "n1", events=events)
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.errors)
    (error,) = seen.errors
    assert isinstance(error, ReadError)
    assert f"no {events} events" in error.problem
    assert error.help is not None
    assert "events: auto" in error.help
    # The value itself can be read, and the next monitor is told at once.
    assert await lab.value(channel) == 1.0
    monitor.close()
    again = Seen()
    monitor = lab.connector.monitor(channel, again)
    await until(lambda: again.errors)
    monitor.close()


async def test_data_ready_reads_once_for_each_event(calls: Calls, lab: TangoLab) -> None:
    channel = await connected(lab, "ready", events="data_ready")
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: len(seen.values) == 1)
    reads = calls.reads("ready")
    for count, value in enumerate((5.0, 6.0, 7.0), start=1):
        lab.set("ready", value)
        await until(lambda value=value: seen.values[-1] == value)
        assert calls.reads("ready") == reads + count
    lab.set("ready", 0.0)
    monitor.close()


async def test_all_polled_attributes_of_a_device_cost_one_read(calls: Calls, lab: TangoLab) -> None:
    channels = [await connected(lab, f"n{number}") for number in range(20)]
    seen = [Seen() for _ in channels]
    monitors = [lab.connector.monitor(channel, one) for channel, one in zip(channels, seen, strict=True)]
    await until(lambda: all(one.values for one in seen))
    await until(lambda: all(channel.updates for channel in channels))
    calls.clear()
    started = time.monotonic()
    await until(lambda: calls.reads() >= 4)
    await asyncio.sleep(0)
    assert calls.reads() <= (time.monotonic() - started) / POLL_S + 2
    assert all(len(arguments[0]) == 20 for what, arguments in calls if what == "read_attributes")
    for monitor in monitors:
        monitor.close()
    await asyncio.sleep(POLL_S)
    reads = calls.reads()
    await asyncio.sleep(2 * POLL_S)
    assert calls.reads() == reads


async def test_the_period_is_that_of_the_file(calls: Calls, lab: TangoLab) -> None:
    channel = await connected(lab, "n2", poll_s=0.05)
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values and channel.updates)
    assert channel.updates == "polled every 0.05 s"
    reads, started = calls.reads("n2"), time.monotonic()
    await until(lambda: calls.reads("n2") >= reads + 10)
    assert time.monotonic() - started > 10 * 0.05 - 0.1
    monitor.close()


async def test_the_polling_of_the_server_is_left_as_it_is(lab: TangoLab) -> None:
    device = tango.DeviceProxy(lab.server.trl())
    before = [line.partition("\n")[0] for line in device.polling_status()]
    channels = [await connected(lab, name) for name in ("n1", "polled", "pushed")]
    seen = [Seen() for _ in channels]
    monitors = [lab.connector.monitor(channel, one) for channel, one in zip(channels, seen, strict=True)]
    await until(lambda: all(one.values for one in seen) and all(channel.updates for channel in channels))
    assert [line.partition("\n")[0] for line in device.polling_status()] == before
    for monitor in monitors:
        monitor.close()


@pytest.mark.parametrize(("name", "events"), [("n3", "auto"), ("polled", "auto")])
async def test_a_value_that_goes_away_is_an_error_and_comes_back(lab: TangoLab, name: str, events: str) -> None:
    channel = await connected(lab, name, events=events)
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values and channel.updates)
    lab.server.play("quality", name, "INVALID")
    await until(lambda: seen.errors)
    assert isinstance(seen.errors[0], ReadError)
    assert "INVALID" in str(seen.errors[0])
    count = len(seen.values)
    lab.server.play("quality", name, "VALID")
    await until(lambda: len(seen.values) > count)
    assert seen.values[-1] == seen.values[0]
    monitor.close()


async def test_a_quality_that_changes_is_an_update(lab: TangoLab) -> None:
    channel = await connected(lab, "n4")
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values and channel.updates)
    lab.server.play("quality", "n4", "ALARM")
    await until(lambda: len(seen.updates) == 2)
    assert [update.alarm_severity for update in seen.updates] == [0, 2]  # type: ignore[union-attr]
    lab.server.play("quality", "n4", "VALID")
    monitor.close()


async def test_a_monitor_that_begins_again_has_the_value_at_once(lab: TangoLab) -> None:
    channel = await connected(lab, "pushed")
    for value in (1.0, 2.0, 0.0):
        seen = Seen()
        monitor = lab.connector.monitor(channel, seen)
        await until(lambda seen=seen: seen.values)
        monitor.close()
        lab.set("pushed", value)
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values == [0.0])
    lab.set("pushed", 4.0)
    await until(lambda: seen.values == [0.0, 4.0])
    lab.set("pushed", 0.0)
    monitor.close()


async def test_nothing_is_written_to_the_terminal(
    tango_client: None, tango_factory: TangoFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    """pytango 10 complains of each event that it goes on to receive after its subscription was given up."""
    lab = TangoLab(tango_factory())
    counter, other = await connected(lab, "counter", INT), await connected(lab, "pushed")
    seen = Seen()
    kept = lab.connector.monitor(other, seen)
    for _ in range(2):
        counted = Seen()
        monitor = lab.connector.monitor(counter, counted)
        await until(lambda counted=counted: len(counted.values) > 2)
        monitor.close()
        await asyncio.sleep(0.3)
    kept.close()
    assert capfd.readouterr().err == ""
    await lab.connector.close()


async def test_a_read_after_a_put_is_never_what_the_server_has_polled_before(lab: TangoLab) -> None:
    channel = await connected(lab, "polled")
    for number in range(20):
        assert await lab.put(channel, float(number)) is None
        assert await lab.value(channel) == number
    assert await lab.put(channel, 0.0) is None
