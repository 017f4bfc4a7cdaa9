"""Monitors: the value now, each change, the newest of a burst or all of it, and nothing after the end."""

import asyncio

import pytest

from ophyd_decl.errors import MismatchError
from tests.contract.labs import BOOL, ENUM, FLOAT, INT, Lab, Seen, until


async def test_a_monitor_gives_the_value_now_and_each_change(lab: Lab) -> None:
    channel = await lab.connected("number", FLOAT)
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values == [1.5])
    await lab.put(channel, 2.5)
    await until(lambda: seen.values == [1.5, 2.5])
    await lab.put(channel, 1.5)
    await until(lambda: seen.values == [1.5, 2.5, 1.5])
    monitor.close()


async def test_how_updates_come_is_said_in_words_or_not_at_all(lab: Lab) -> None:
    channel = await lab.connected("number", FLOAT)
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values)
    assert isinstance(channel.updates, str)  # the report tells it
    monitor.close()


async def test_two_monitors_of_one_address_share_a_subscription(lab: Lab) -> None:
    label, flag = lab.channel("flag", ENUM), lab.channel("flag", BOOL)
    await lab.connect(label, flag)
    first, second = Seen(), Seen()
    monitors = [lab.connector.monitor(label, first)]
    await until(lambda: first.values == ["Open"])
    monitors.append(lab.connector.monitor(flag, second))
    await until(lambda: second.values == [True])
    await lab.put(flag, False)
    await until(lambda: first.values == ["Open", "Closed"] and second.values == [True, False])
    monitors[0].close()
    await lab.put(flag, True)
    await until(lambda: second.values == [True, False, True])
    assert first.values == ["Open", "Closed"]
    monitors[1].close()


async def test_every_update_is_delivered_where_asked_for_and_the_newest_else(lab: Lab) -> None:
    channel = await lab.connected("count", INT)
    other = await lab.connected("count", INT)
    every, newest = Seen(), Seen()
    monitors = [
        lab.connector.monitor(channel, every, all_updates=True),
        lab.connector.monitor(other, newest),
    ]
    await until(lambda: every.values and newest.values)
    await asyncio.sleep(lab.subscribing_s)
    sent = [3]
    # How much of a burst has come when the loop turns again is up to the machine, so bursts follow until it was enough.
    while other.dropped < 20:
        assert len(sent) < 2000, "no burst was made into one update"
        burst = range(100, 140) if sent[-1] != 139 else range(200, 240)
        for value in burst:  # blocks the loop, so that updates pile up
            lab.set("count", value)
        sent.extend(burst)
        await until(lambda: every.values[-1] == sent[-1] == newest.values[-1])
    assert every.values == sent
    assert channel.dropped == 0
    assert len(newest.values) + other.dropped == len(sent)
    in_order = iter(sent)
    assert all(value in in_order for value in newest.values)
    for monitor in monitors:
        monitor.close()
    lab.set("count", 3)


async def test_updates_that_are_lost_though_every_one_is_wanted_are_counted_and_told(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for limit in (
        "ca.link.QUEUE_LIMIT",
        "soft.link.QUEUE_LIMIT",
        "pva.subscription.QUEUE_SIZE",
        "tango.link.QUEUE_LIMIT",
    ):
        monkeypatch.setattr(f"ophyd_decl.connectors.{limit}", 10)
    channel = await lab.connected("count", INT)
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen, all_updates=True)
    await until(lambda: seen.values == [3])
    await asyncio.sleep(lab.subscribing_s)
    sent = [3]
    while not channel.dropped:
        assert len(sent) < 2000, "no burst was too much"
        burst = range(100, 140) if sent[-1] != 139 else range(200, 240)
        for value in burst:  # blocks the loop
            lab.set("count", value)
        sent.extend(burst)
        await until(lambda: seen.values[-1] == sent[-1])
    assert "updates were lost" in caplog.text
    assert "count" in caplog.text
    in_order = iter(sent)
    assert all(value in in_order for value in seen.values)
    monitor.close()
    lab.set("count", 3)


async def test_a_closed_monitor_is_silent(lab: Lab) -> None:
    channel = await lab.connected("number", FLOAT)
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values)
    monitor.close()
    monitor.close()
    await lab.put(channel, 4.0)
    await lab.put(channel, 1.5)
    await asyncio.sleep(0)
    assert seen.values == [1.5]


async def test_a_monitor_may_close_itself(lab: Lab) -> None:
    channel = await lab.connected("number", FLOAT)
    seen: list[object] = []

    def once(update: object) -> None:
        seen.append(update)
        monitor.close()

    monitor = lab.connector.monitor(channel, once)
    await until(lambda: seen)
    await lab.put(channel, 4.0)
    await lab.put(channel, 1.5)
    assert len(seen) == 1


async def test_a_listener_that_fails_is_logged_and_does_not_stop_the_others(lab: Lab, caplog: object) -> None:
    channel = await lab.connected("number", FLOAT)
    seen = Seen()
    monitors = [lab.connector.monitor(channel, lambda update: 1 / 0), lab.connector.monitor(channel, seen)]
    await until(lambda: seen.values)
    assert "ZeroDivisionError" in caplog.text  # type: ignore[attr-defined]
    for monitor in monitors:
        monitor.close()


async def test_a_monitor_before_connect_begins_with_the_connection(lab: Lab) -> None:
    channel = lab.channel("number", FLOAT)
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.values == [1.5])
    assert channel.state == "connected"
    monitor.close()


async def test_a_monitor_of_a_mismatch_says_so(lab: Lab) -> None:
    channel = lab.channel("number", INT)
    await lab.connect(channel)
    seen = Seen()
    monitor = lab.connector.monitor(channel, seen)
    await until(lambda: seen.errors)
    assert isinstance(seen.errors[0], MismatchError)
    monitor.close()


async def test_releasing_ends_the_monitors_of_that_use(lab: Lab) -> None:
    channel = await lab.connected("number", FLOAT)
    other = await lab.connected("number", FLOAT)
    seen, others = Seen(), Seen()
    lab.connector.monitor(channel, seen)
    lab.connector.monitor(other, others)
    await until(lambda: seen.values and others.values)
    lab.connector.release(channel)
    for value in (4.0, 1.5):
        await lab.put(other, value)
        await until(lambda value=value: others.values[-1] == value)  # of a burst only the newest would come
    assert seen.values == [1.5]
