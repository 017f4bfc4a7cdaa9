"""A record that takes a value and cannot pass it on: its server completes the put, and only the alarm tells of it."""

import time
from collections.abc import AsyncIterator

import pytest

from ophyd_decl.connectors.protocol import PutRequest
from ophyd_decl.errors import NotTakenError
from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import ANY, FLOAT, INT, TEXT, EpicsLab
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

RECORDS = """
record(ao, "$(P)plain") { field(PINI, "YES") }
record(ao, "$(P)unlinked") { field(OUT, "$(P)nowhere CA") }
record(stringout, "$(P)unlinked_text") { field(OUT, "$(P)nowhere CA") }

# Its device fails after a while, which is no longer than a quick one takes; and after 1 s.
record(ao, "$(P)fails_soon") { field(SIMM, "YES") field(SIOL, "$(P)nowhere CA") field(SDLY, "0.004") }
record(ao, "$(P)fails_late") { field(SIMM, "YES") field(SIOL, "$(P)nowhere CA") field(SDLY, "1") }

# Takes 1 s to process, and has failed before.
record(calcout, "$(P)mended") { field(CALC, "A") field(ODLY, "1") field(OUT, "$(P)nowhere CA") }

# Alarms that say nothing of the put.
record(ao, "$(P)too_high") { field(HIHI, "1") field(HHSV, "INVALID") field(PINI, "YES") }
record(ao, "$(P)simulated") { field(SIMM, "YES") field(SIMS, "INVALID") field(SIOL, "$(P)plain") field(PINI, "YES") }
record(seq, "$(P)wrong") { field(SELM, "Specified") field(SELN, "20") }
record(ao, "$(P)linked_major") { field(OUT, "$(P)major PP MS") field(PINI, "YES") }
record(ao, "$(P)major") { field(HIGH, "0") field(HSV, "MAJOR") field(VAL, "1") field(PINI, "YES") }
"""


@pytest.fixture(scope="module")
def passing_ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(RECORDS)


@pytest.fixture
async def lab(epics_protocol: str, passing_ioc: Ioc) -> AsyncIterator[EpicsLab]:
    async with EpicsLab(epics_protocol, passing_ioc) as made:
        yield made


@pytest.mark.parametrize(
    ("name", "datatype", "value", "words"),
    [("unlinked", FLOAT, 2.5, "took the value"), ("unlinked.VAL", FLOAT, 2.5, "took the value"),
     ("unlinked.PROC", ANY, 1, "was processed"), ("unlinked_text", TEXT, "b", "took the value")],
)  # fmt: skip
async def test_a_value_that_is_not_passed_on_is_an_error(
    lab: EpicsLab, name: str, datatype: object, value: object, words: str
) -> None:
    channel = await lab.connected(name, datatype)  # type: ignore[arg-type]
    outcome = await lab.put(channel, value)
    assert isinstance(outcome, NotTakenError)
    assert type(outcome) is NotTakenError
    assert f"{words}, but could not pass it on: its alarm is LINK, INVALID" in str(outcome)
    assert channel.source in str(outcome)
    assert "OUT" in (outcome.help or "")


async def test_without_completion_nothing_is_said_of_a_device_that_fails_later(lab: EpicsLab) -> None:
    """Not even where it has failed before."""
    channel = await lab.connected("fails_late", FLOAT)
    assert isinstance(await lab.put(channel, 2.5), NotTakenError)
    assert await lab.put(channel, 3.5, wait=False) is None
    assert isinstance(await lab.put(channel, 2.5), NotTakenError)


@pytest.mark.parametrize("name", ["fails_soon", "fails_late"])
async def test_a_device_that_fails_after_the_look_is_found(lab: EpicsLab, name: str) -> None:
    """Each time the alarm is cleared before: by a put that is not simulated."""
    channel, simulated = lab.channel(name, FLOAT), lab.channel(f"{name}.SIMM", INT)
    await lab.connect(channel, simulated)
    for number in range(3):
        lab.set(f"{name}.SIMM", "NO")
        assert await lab.put(channel, float(number)) is None
        lab.set(f"{name}.SIMM", "YES")
        assert isinstance(await lab.put(channel, float(number)), NotTakenError)


async def test_those_among_others_are_found(lab: EpicsLab) -> None:
    good, bad = lab.channel("plain", FLOAT), lab.channel("unlinked", FLOAT)
    await lab.connect(good, bad)
    deadline = time.monotonic() + 5
    requests = [PutRequest(channel, 1.0, True, deadline) for channel in (good, bad, bad, good)]
    outcomes = await lab.connector.put(requests)
    assert [type(outcome) for outcome in outcomes] == [type(None), NotTakenError, NotTakenError, type(None)]


async def test_an_alarm_that_the_put_cures_is_none_of_it(lab: EpicsLab) -> None:
    """It stands until the processing has ended, and so it does when the look that goes with the put is answered."""
    proc = await lab.connected("mended.PROC", INT)
    lab.set("mended.OUT", f"{lab.address('nowhere')} CA")
    assert isinstance(await lab.put(proc, 1), NotTakenError)
    lab.set("mended.OUT", lab.address("plain"))
    assert await lab.put(proc, 1) is None


@pytest.mark.parametrize("name", ["too_high", "simulated", "linked_major", "plain", "wrong.PROC"])
async def test_other_alarms_are_none_of_the_put(lab: EpicsLab, name: str) -> None:
    channel = await lab.connected(name, ANY)
    assert await lab.put(channel, 5) is None


async def test_fields_that_are_only_stored_are_done(lab: EpicsLab) -> None:
    record, field = lab.channel("unlinked", FLOAT), lab.channel("unlinked.HIHI", FLOAT)
    await lab.connect(record, field)
    assert isinstance(await lab.put(record, 1.0), NotTakenError)
    assert await lab.put(field, 9.0) is None


async def test_nothing_is_seen_behind_a_put_that_was_not_passed_on(lab: EpicsLab) -> None:
    channel = await lab.connected("unlinked", FLOAT)
    seen: list[Reading] = []
    put = PutRequest(channel, 2.5, True, time.monotonic() + 5, seen=lambda reading, _: seen.append(reading))
    (outcome,) = await lab.connector.put([put])
    assert isinstance(outcome, NotTakenError)
    assert seen == []
