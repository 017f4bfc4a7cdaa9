"""A connection that breaks: noticed at once, said to everybody, and nothing is believed before it was checked again."""

import asyncio
import time

import pytest

from ophyd_decl.connectors.protocol import Description
from ophyd_decl.errors import (
    BadValueError,
    DisconnectedError,
    MismatchError,
    NotConnectedError,
    PutLostError,
    PutNotSentError,
    PutRefusedError,
    ReadTimeoutError,
)
from ophyd_decl.vocab.readings import Limits
from tests.contract.labs import ENUM, FLOAT, FLOATS, INT, MODES, EpicsLab, Lab, RemoteLab, Seen, labelled, until
from tests.pace import turning

#: Within this a closed connection must be known everywhere.
NOTICE_S = 1.0
#: A short one; what is asked for once in it is known before `until` gives up.
LIVENESS_S = 2.4


async def test_a_killed_server_is_noticed_and_its_return_is_a_new_generation(mortal_lab: Lab) -> None:
    lab = mortal_lab
    number, mode = lab.channel("number", FLOAT), lab.channel("mode", labelled(*MODES))
    stubborn = lab.channel("mode", ENUM)
    await lab.connect(number, mode, stubborn)
    seen, seen_mode = Seen(), Seen()
    monitors = [lab.connector.monitor(number, seen), lab.connector.monitor(mode, seen_mode)]
    await until(lambda: seen.values and seen_mode.values)

    lab.kill()
    await until(lambda: seen.errors and seen_mode.errors, NOTICE_S)
    assert isinstance(seen.errors[0], DisconnectedError)
    assert seen.errors[0].age_s is not None
    assert number.state == "closed"
    async with turning() as clock:
        (reading,) = await lab.read(number)
        assert isinstance(reading, DisconnectedError)
        assert isinstance(await lab.put(number, 2.0), DisconnectedError)
        (outcome,) = await lab.connect(number, timeout_s=0.1)
        assert isinstance(outcome, DisconnectedError)
        assert clock() < 0.5

    lab.start(labels=("High", "Low"))
    await until(lambda: len(seen.values) == 2 and len(seen_mode.errors) == 2, lab.reconnection_s)
    assert number.generation == 2
    assert await lab.value(number) == 1.5
    # The labels have changed places: by position, High would now be read as Low.
    assert isinstance(seen_mode.errors[1], MismatchError)
    assert seen_mode.values == ["High"]
    assert isinstance((await lab.read(mode))[0], MismatchError)
    assert isinstance(await lab.put(mode, "Off"), MismatchError)
    assert await lab.value(stubborn) == "Low"
    for monitor in monitors:
        monitor.close()


async def test_nothing_is_believed_of_a_server_that_restarts_while_the_loop_stands_still(
    remote_lab: RemoteLab,
) -> None:
    lab = remote_lab
    mode = await lab.connected("mode", labelled(*MODES))
    seen = Seen()
    monitor = lab.connector.monitor(mode, seen)
    await until(lambda: seen.values == ["High"])
    await asyncio.sleep(0.5)
    lab.kill()  # the loop waits for that, and for the return
    lab.start(labels=("High", "Low"))
    until_s = time.monotonic() + lab.reconnection_s
    while not isinstance(outcome := (await lab.read(mode, timeout_s=1.0))[0], MismatchError):
        assert isinstance(outcome, DisconnectedError | ReadTimeoutError)  # by the old labels, it would be `High`
        assert time.monotonic() < until_s
        await asyncio.sleep(0.01)
    assert seen.values == ["High"]
    monitor.close()


async def test_what_is_under_way_ends_with_the_connection(remote_lab: RemoteLab) -> None:
    lab = remote_lab
    number, axis = lab.channel("number", FLOAT), lab.channel("axis", FLOAT)
    await lab.connect(number, axis)
    moving = asyncio.create_task(lab.put(axis, 5.0, timeout_s=20))
    await asyncio.sleep(0.1)  # the put is on the wire, and completes 0.2 s later
    with lab.hung():
        reading = asyncio.create_task(lab.read(number, timeout_s=20))
        await asyncio.sleep(0)
        async with turning() as clock:
            lab.kill_hung()
            (outcome,) = await reading
            assert isinstance(outcome, DisconnectedError)
            assert isinstance(await moving, PutLostError)
            assert clock() < NOTICE_S


@pytest.mark.parametrize("everything", [False, True], ids=["released", "closed"])
async def test_what_is_under_way_ends_with_its_channel(epics_lab: EpicsLab, everything: bool) -> None:
    lab = epics_lab
    number, axis, nothing = lab.channel("number", FLOAT), lab.channel("axis", FLOAT), lab.channel("nothing", FLOAT)
    await lab.connect(number, axis)
    with lab.hung():
        tasks = [
            asyncio.create_task(lab.put(axis, 5.0, timeout_s=60)),
            asyncio.create_task(lab.read(number, timeout_s=60)),
            asyncio.create_task(lab.connect(nothing, timeout_s=60)),
        ]
        await asyncio.sleep(0.1)  # what can be sent is on the wire
        if everything:
            await lab.connector.close()
        else:
            for channel in (number, axis, nothing):
                lab.connector.release(channel)
        _, late = await asyncio.wait(tasks, timeout=5)
        assert not late
    putting, reading, connecting = [await task for task in tasks]
    assert isinstance(putting, PutLostError | PutNotSentError | NotConnectedError)
    assert isinstance(reading[0], DisconnectedError)
    assert isinstance(connecting[0], NotConnectedError)


async def test_a_put_that_was_lost_is_not_done_later(remote_lab: RemoteLab) -> None:
    lab = remote_lab
    number = await lab.connected("number", FLOAT)
    with lab.hung():
        putting = asyncio.create_task(lab.put(number, 9.0, timeout_s=20))
        await asyncio.sleep(0)
        lab.kill_hung()
        assert isinstance(await putting, PutLostError | DisconnectedError)
    lab.kill()
    lab.start()
    await until(lambda: number.generation == 2, lab.reconnection_s)
    assert await lab.value(number) == 1.5


async def test_labels_that_change_under_the_connection_begin_a_generation(remote_lab: RemoteLab) -> None:
    lab = remote_lab
    mode, declared = lab.channel("mode", ENUM), lab.channel("mode", labelled(*MODES))
    await lab.connect(mode, declared)
    seen, seen_declared = Seen(), Seen()
    monitors = [lab.connector.monitor(mode, seen), lab.connector.monitor(declared, seen_declared)]
    await until(lambda: seen.values == ["High"] and seen_declared.values == ["High"])
    lab.configure("mode", label="Medium")
    await until(lambda: mode.generation == 2)
    await until(lambda: seen.values[-1] == "Medium" and seen_declared.errors)
    assert isinstance(seen_declared.errors[-1], MismatchError)
    assert isinstance((await lab.read(declared))[0], MismatchError)
    assert await lab.value(mode) == "Medium"
    assert isinstance(await lab.put(mode, "High"), BadValueError)
    for monitor in monitors:
        monitor.close()


async def test_metadata_that_change_under_the_connection_begin_a_generation(remote_lab: RemoteLab) -> None:
    """A server of Tango is asked for them once in the liveness time; the others tell."""
    lab = remote_lab
    lab.connector.liveness_s = LIVENESS_S
    asked: list[Description] = []
    number = await lab.connected("number", FLOAT, asked.append)
    count, spectrum = await lab.connected("count", INT), await lab.connected("spectrum", FLOATS)
    mode = await lab.connected("mode", labelled(*MODES))
    seen = Seen()
    monitor = lab.connector.monitor(number, seen)
    await until(lambda: seen.values == [1.5])

    def now() -> Description:
        assert number.description is not None
        return number.description

    lab.configure("number", units="m")
    await until(lambda: now().units == "m")
    lab.configure("number", precision=0)
    await until(lambda: now().precision == 0)
    lab.configure("number", high=20)
    await until(lambda: now().limits == Limits(-50, 20))
    assert [description.units for description in asked[:2]] == ["mm", "m"]
    lab.configure("spectrum", units="mV")
    await until(lambda: spectrum.description is not None and spectrum.description.units == "mV")
    # The values go on, and what did not change goes on undisturbed.
    lab.set("number", 2.5)
    await until(lambda: seen.values[-1] == 2.5)
    assert seen.errors == []
    assert (count.generation, mode.generation) == (1, 1)
    monitor.close()


async def test_rights_that_change_are_told(epics_lab: EpicsLab) -> None:
    lab = epics_lab
    number = await lab.connected("number", FLOAT)
    lab.set("number.ASG", "READONLY")
    if lab.tells_rights:
        await until(lambda: number.description is not None and not number.description.writable)
    assert isinstance(await lab.put(number, 2.0), PutRefusedError)
    lab.set("number.ASG", "DEFAULT")
    if lab.tells_rights:
        await until(lambda: number.description is not None and number.description.writable)
    assert await lab.put(number, 2.0) is None
    assert number.generation == 1
