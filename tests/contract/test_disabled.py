"""A record that is disabled: its server completes every put, and nothing is done, which must not be taken for done."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from ophyd_decl.connectors.protocol import PutRequest
from ophyd_decl.errors import NotProcessedError, PutLostError
from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import ANY, BOOL, FLOAT, FLOATS, INT, TEXT, EpicsLab, until
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

RECORDS = """
record(ao, "$(P)off") { field(VAL, "1") field(PINI, "YES") field(DISA, "1") field(FLNK, "$(P)done") }
record(ao, "$(P)off_major") { field(VAL, "1") field(PINI, "YES") field(DISA, "1") field(DISS, "MAJOR") }
record(waveform, "$(P)off_array") { field(FTVL, "DOUBLE") field(NELM, "8") field(PINI, "YES") field(DISA, "1") }
record(stringout, "$(P)off_text") { field(VAL, "a") field(PINI, "YES") field(DISA, "1") }
record(calc, "$(P)done") { field(INPA, "$(P)done") field(CALC, "A+1") }

record(bo, "$(P)switch") { field(PINI, "YES") }
record(ao, "$(P)switched") { field(VAL, "0") field(PINI, "YES") field(SDIS, "$(P)switch") }

# Takes 0.3 s to process.
record(calcout, "$(P)slow") { field(CALC, "A") field(ODLY, "0.3") field(OUT, "$(P)arrived PP") field(PINI, "NO") }
record(ao, "$(P)arrived") { field(VAL, "0") field(PINI, "YES") }
"""
WAITS = pytest.mark.parametrize("wait", [True, False], ids=["wait", "no wait"])


@pytest.fixture(scope="module")
def disabled_ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(RECORDS)


@pytest.fixture
async def lab(epics_protocol: str, disabled_ioc: Ioc) -> AsyncIterator[EpicsLab]:
    async with EpicsLab(epics_protocol, disabled_ioc) as made:
        yield made


@WAITS
@pytest.mark.parametrize(
    ("name", "datatype", "value"),
    [("off", FLOAT, 2.5), ("off.VAL", FLOAT, 2.5), ("off_major", FLOAT, 2.5), ("off_array", FLOATS, [1.0, 2.0]),
     ("off_text", TEXT, "b"), ("off.PROC", ANY, 1)],
)  # fmt: skip
async def test_a_put_that_processed_nothing_is_an_error(
    lab: EpicsLab, name: str, datatype: object, value: object, wait: bool
) -> None:
    channel = await lab.connected(name, datatype)  # type: ignore[arg-type]
    outcome = await lab.put(channel, value, wait=wait)
    assert isinstance(outcome, NotProcessedError)
    assert outcome
    assert channel.source in str(outcome)
    assert "DISABLE" in str(outcome)
    assert "SDIS" in (outcome.help or "")


async def test_those_among_others_are_found(lab: EpicsLab) -> None:
    good, off = lab.channel("arrived", FLOAT), lab.channel("off", FLOAT)
    await lab.connect(good, off)
    for wait in (True, False):
        deadline = time.monotonic() + 5
        requests = [PutRequest(channel, 1.0, wait, deadline) for channel in (good, off, off, good)]
        outcomes = await lab.connector.put(requests)
        assert [type(outcome) for outcome in outcomes] == [type(None), NotProcessedError, NotProcessedError, type(None)]


@WAITS
async def test_each_put_is_judged_by_the_state_that_it_met(lab: EpicsLab, wait: bool) -> None:
    """The alarm still says DISABLE when a record that was enabled again is put to."""
    switch, switched = lab.channel("switch", BOOL), lab.channel("switched", FLOAT)
    await lab.connect(switch, switched)
    for number in range(40):
        off = number % 4 in (1, 2)
        assert await lab.put(switch, int(off)) is None
        outcome = await lab.put(switched, float(number), wait=wait)
        assert (type(outcome) is NotProcessedError) is off, (number, outcome)
    await lab.put(switch, 0)


@pytest.mark.parametrize(
    ("field", "datatype", "value"), [("DESC", TEXT, "out of order"), ("DISV", INT, 1), ("HIHI", FLOAT, 9.0)]
)
async def test_what_is_only_stored_is_done_though_the_record_is_disabled(
    lab: EpicsLab, field: str, datatype: object, value: object
) -> None:
    record, channel = lab.channel("off", FLOAT), lab.channel(f"off.{field}", datatype)  # type: ignore[arg-type]
    await lab.connect(record, channel)
    assert isinstance(await lab.put(record, 3.0), NotProcessedError)
    assert await lab.put(channel, value) is None
    assert await lab.value(channel) == value


async def test_a_record_that_was_enabled_and_takes_its_time_is_not_taken_for_disabled(lab: EpicsLab) -> None:
    """Its alarm says DISABLE until its processing has ended."""
    proc, a = lab.channel("slow.PROC", INT), lab.channel("slow.DISA", INT)
    await lab.connect(proc, a)
    assert await lab.put(a, 1) is None
    assert isinstance(await lab.put(proc, 1), NotProcessedError)
    assert await lab.put(a, 0) is None
    started = time.monotonic()
    assert await lab.put(proc, 1) is None
    assert time.monotonic() - started > 0.25


async def test_a_put_that_waited_behind_another_one_meets_the_record_disabled(lab: EpicsLab) -> None:
    """Nothing was wrong when it was sent, nor when its first look was answered.

    The put before it is completed at the same moment, and may be doubted too.
    """
    channel = await lab.connected("slow.PROC", INT)
    other = EpicsLab(lab.protocol, lab.ioc)  # a client of its own: a server takes one put after the other from each
    other.connector.bind(asyncio.get_running_loop())
    behind = await other.connected("slow.PROC", INT)
    first = asyncio.ensure_future(lab.put(channel, 1))
    await asyncio.sleep(0.05)
    second = asyncio.ensure_future(other.put(behind, 1))
    await asyncio.sleep(0.05)
    lab.set("slow.DISA", 1)
    try:
        assert isinstance(await first, NotProcessedError | None)
        assert isinstance(await second, NotProcessedError)
    finally:
        lab.set("slow.DISA", 0)
        await other.connector.close()


async def test_what_is_seen_behind_a_put_was_asked_for_after_its_completion(lab: EpicsLab) -> None:
    """Over pvAccess; over CA the look goes with the put, and nothing is said of it."""
    slow, arrived = lab.channel("slow.PROC", INT), lab.channel("arrived", FLOAT)
    await lab.connect(slow, arrived)
    seen: list[tuple[Reading, float]] = []
    for channel, value, least_s in ((slow, 1, 0.25), (arrived, 3.5, 0.0), (arrived, 4.5, 0.0)):
        seen.clear()
        began_at = time.monotonic()
        put = PutRequest(channel, value, True, began_at + 5, seen=lambda *told: seen.append(told))
        assert await lab.connector.put([put]) == [None]
        if lab.protocol == "ca":
            assert seen == []
            continue
        ((reading, asked_at),) = seen
        assert reading.value == value or channel is slow
        assert began_at + least_s < asked_at < time.monotonic()


async def test_nothing_is_seen_behind_a_put_that_processed_nothing(lab: EpicsLab) -> None:
    off = await lab.connected("off", FLOAT)
    seen: list[Reading] = []
    put = PutRequest(off, 2.5, True, time.monotonic() + 5, seen=lambda reading, _: seen.append(reading))
    (outcome,) = await lab.connector.put([put])
    assert isinstance(outcome, NotProcessedError)
    assert seen == []


async def test_a_server_that_began_anew_says_nothing_of_a_put_to_the_one_before(
    ioc_factory: IocFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was looked at again, and the record was enabled by then: of another process, which has never had the value."""
    monkeypatch.setattr("ophyd_decl.connectors.looks.AGAIN_S", 5.0)
    ioc = ioc_factory(RECORDS)
    async with EpicsLab("pva", ioc) as lab:  # which is back sooner than Channel Access
        switch, switched = lab.channel("switch", BOOL), lab.channel("switched", FLOAT)
        await lab.connect(switch, switched)
        assert await lab.put(switch, 1) is None
        put = asyncio.ensure_future(lab.put(switched, 2.5, timeout_s=30))
        await asyncio.sleep(1)
        assert not put.done()
        await asyncio.to_thread(ioc.restart)
        await until(lambda: switched.state == "connected", lab.reconnection_s)
        assert isinstance(await put, PutLostError)
        assert await lab.value(switched) == 0.0
