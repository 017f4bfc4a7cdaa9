"""How the updates of Tango attributes come: the best that the server offers, never nothing without a word."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from itertools import groupby
from typing import Any, cast

import pytest
import tango

from ophyd_decl.connectors.protocol import Channel, Use
from ophyd_decl.connectors.tango import proxies, servers
from ophyd_decl.connectors.tango.events import CONFIRM_S, Feed, Subscriber, Subscription, Watch
from ophyd_decl.connectors.tango.link import POLL_S
from ophyd_decl.connectors.tango.trl import Trl
from ophyd_decl.errors import ReadError
from tests.contract.labs import ANY, FLOAT, INT, Seen, TangoLab, until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer


@pytest.fixture(scope="module")
def server(tango_client: None, module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory(numbers=20)


@pytest.fixture
async def lab(server: TangoServer) -> AsyncIterator[TangoLab]:
    async with TangoLab(server) as made:
        yield made


class Calls(list[tuple[str, tuple[Any, ...]]]):
    """What our proxies were asked, by name and arguments."""

    def reads(self, name: str = "") -> int:
        """Count the calls that read, or that read this attribute."""
        return sum(what == "read_attributes" and (not name or name in arguments[0]) for what, arguments in self)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Count the calls of every proxy that is made from here on."""
    made = proxies.make
    noted = Calls()

    class Counted:
        def __init__(self, trl: Trl) -> None:
            self._proxy = made(trl)

        def __getattr__(self, name: str) -> Any:
            method = getattr(self._proxy, name)

            def call(*arguments: Any) -> Any:
                noted.append((name, arguments))
                return method(*arguments)

            return call

    monkeypatch.setattr(proxies, "make", Counted)
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
    # A value that was read behind the subscription may come once more with the event of it, with a newer time.
    assert [value for value, _ in groupby(seen.values)] == [before, 10.0, 20.0, 30.0]
    assert len(seen.values) <= 5
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
    await until(lambda: seen.values and channel.updates)
    for value in range(1, 21):
        lab.set("ready", float(value))
        await until(lambda value=value: seen.values[-1] == value)
    # Up to three reads go with the subscription; the read of an event may be one of them.
    assert 20 <= calls.reads("ready") <= 23
    lab.set("ready", 0.0)
    monitor.close()


async def test_what_tells_of_its_data_is_not_read_without_being_told(calls: Calls, lab: TangoLab) -> None:
    """Others are read when no event has come for half of the liveness time; these say when there is more."""
    lab.connector.liveness_s = 2.0
    seen = Seen(), Seen()
    channels = [await connected(lab, "ready", events="data_ready"), await connected(lab, "pushed")]
    monitors = [lab.connector.monitor(channel, one) for channel, one in zip(channels, seen, strict=True)]
    await until(lambda: all(one.values for one in seen) and all(channel.updates for channel in channels))
    await asyncio.sleep(CONFIRM_S)
    confirmed = calls.reads("pushed")
    await until(lambda: calls.reads("pushed") > confirmed)  # what followed the subscriptions is over by then
    before = calls.reads("pushed"), calls.reads("ready")
    await until(lambda: calls.reads("pushed") >= before[0] + 2)
    assert calls.reads("ready") == before[1]
    for monitor in monitors:
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
    device = lab.server.client()
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


@pytest.mark.parametrize("name", ["polled", "polled_mode"])
async def test_polling_that_is_late_is_answered_by_a_read(
    calls: Calls, lab: TangoLab, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a command keeps a device, its server cannot poll it, and sends an error event when it can again."""
    lab.connector.liveness_s = 600.0  # nothing is read for another reason
    monkeypatch.setattr(servers, "CATCH_UP_S", 600.0)
    gaps: list[str] = []
    device = lab.server.client()
    number = device.subscribe_event(
        name, tango.EventType.CHANGE_EVENT, lambda event: gaps.extend(part.reason for part in event.errors)
    )
    channel = await connected(lab, name, ANY, events="change")
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen, all_updates=True)
    await until(lambda: seen.values and channel.updates)
    link: Any = cast(Any, channel).link
    while link.asks_labels:  # until the server tells of new ones, each event of an enum is followed by a read
        await lab.value(channel)
    calls.clear()
    for times in range(1, 4):
        before, value = len(gaps), ("Off" if name == "polled_mode" else 5.0 * times)
        task = asyncio.create_task(asyncio.to_thread(device.Slow, 0.3))
        lab.set(name, value)
        await until(lambda before=before: len(gaps) > before)
        await task
        await until(lambda value=value: seen.values[-1] == value)
        lab.set(name, seen.values[0])
        await until(lambda: seen.values[-1] == seen.values[0])
    assert seen.errors == []
    assert set(gaps) == {"API_PollThreadOutOfSync"}
    assert 3 <= calls.reads(name) <= len(gaps) + 2  # the first value, one read behind the subscription, one for each
    device.unsubscribe_event(number)
    monitor.close()


async def test_a_change_that_is_lost_behind_the_subscription_is_read(lab: TangoLab) -> None:
    """The server changes the value without an event, as if that had been published before it heard of us."""
    channel = await connected(lab, "pushed")
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values and channel.updates)
    lab.server.play("hide", "pushed", 8.0)
    await until(lambda: seen.values == [0.0, 8.0])
    lab.set("pushed", 0.0)
    await until(lambda: seen.values == [0.0, 8.0, 0.0])
    monitor.close()


@pytest.mark.parametrize(("quality", "error"), [("VALID", None), ("INVALID", ReadError)])
async def test_what_that_read_says_is_delivered(calls: Calls, lab: TangoLab, quality: str, error: type | None) -> None:
    """A pushed event of such an error: no value follows it, so what is delivered is what was read."""
    channel = await connected(lab, "pushed")
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values and channel.updates and calls.reads("pushed"))  # the one behind the subscription
    lab.server.play("hide", "pushed", 7.0)
    lab.server.play("quality", "pushed", quality)
    while not (seen.errors if error else seen.values[-1] == 7.0):
        lab.server.play("gap", "pushed", "API_MissedEvents")  # Tango may pass over one behind a subscription
        await asyncio.sleep(0.1)
    assert [type(one) for one in seen.errors] == ([error] if error else [])
    assert all("INVALID" in str(one) for one in seen.errors)
    lab.server.play("quality", "pushed", "VALID")
    lab.set("pushed", 0.0)
    await until(lambda: seen.values[-1] == 0.0)
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
    await until(lambda: seen.values)
    lab.set("pushed", 4.0)
    await until(lambda: seen.values[-1] == 4.0)
    # The event of the last change may come behind the value that was read, and repeat it; nothing older comes.
    assert seen.values in ([0.0, 4.0], [0.0, 0.0, 4.0])
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
    # Of other servers, whose monitors ended in other tests, it may still complain.
    place = f":{lab.server.ports.ca}/"
    assert [line for line in capfd.readouterr().err.splitlines() if place in line] == []
    await lab.connector.close()


async def test_a_read_after_a_put_is_never_what_the_server_has_polled_before(lab: TangoLab) -> None:
    channel = await connected(lab, "polled")
    for number in range(20):
        assert await lab.put(channel, float(number)) is None
        assert await lab.value(channel) == number
    assert await lab.put(channel, 0.0) is None


async def test_one_attribute_with_two_periods_is_read_once_for_both(calls: Calls, lab: TangoLab) -> None:
    """A device refuses to read an attribute twice in one call."""
    channels = [await connected(lab, "n4", events="none", poll_s=period_s) for period_s in (0.1, 0.2)]
    seen = [Seen(), Seen()]
    monitors = [lab.connector.monitor(channel, one) for channel, one in zip(channels, seen, strict=True)]
    for value in (1.0, 2.0, 3.0):
        lab.set("n4", value)
        await until(lambda value=value: all(one.values and one.values[-1] == value for one in seen))
        before = calls.reads("n4")
        await until(lambda before=before: calls.reads("n4") >= before + 4)  # of which one is for both at least
    assert [one.errors for one in seen] == [[], []]
    for monitor in monitors:
        monitor.close()


async def test_what_changes_while_its_events_are_found_out_is_not_told_to_have_none(
    tango_client: None, tango_factory: TangoFactory
) -> None:
    """A device that is busy keeps the answer waiting; its configuration is told meanwhile."""
    server = tango_factory()
    async with TangoLab(server) as lab:
        channel = await connected(lab, "pushed")
        device: Any = cast(Any, channel).link.device
        await until(lambda: device._interface is not None and device._interface.numbers)
        busy = asyncio.ensure_future(asyncio.to_thread(server.client().command_inout, "Slow", 2.0))
        await until(lambda: json.loads(server.play("sleeping")))
        picked = asyncio.ensure_future(lab.connector.pick([channel], time.monotonic() + 20))
        await until(lambda: cast(Any, channel).link._feed is not None)
        server.play("configure", "pushed", unit="um")
        device.compare_at = time.monotonic()
        await until(lambda: channel.generation == 2)
        assert await picked == [None]
        await busy
        assert channel.updates == "change"


class _Noted(Watch):
    """Notes that it was subscribed."""

    def __init__(self, name: str, noted: list[str]) -> None:
        Subscription.__init__(self, name, cast(Any, None))
        self._noted = noted

    def begin(self) -> None:
        self._noted.append(self.where)
        time.sleep(0.1)


class _NotedFeed(_Noted, Feed):
    pass


class _NotedOther(Subscription):
    begin = _Noted.begin

    def __init__(self, name: str, noted: list[str]) -> None:
        super().__init__(name, cast(Any, None))
        self._noted = noted


async def test_what_tells_of_labels_is_subscribed_first_and_then_what_is_waited_for(tango_client: None) -> None:
    subscriber, noted = Subscriber(), list[str]()
    subscriber.start(_NotedOther("first", noted))
    await until(lambda: noted)
    for made in (_NotedOther("other", noted), _NotedFeed("feed", noted), _Noted("labels", noted)):
        subscriber.start(made)
    await until(lambda: len(noted) == 4)
    subscriber.close(5.0)
    assert noted == ["first", "labels", "feed", "other"]
