"""Reading: many at once, in order, in the declared dtype."""

import asyncio
import re
import time
from typing import Any

import numpy as np
import pytest

from ophyd_decl.connectors.protocol import ReadRequest
from ophyd_decl.errors import ReadTimeoutError
from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import ANY, BOOL, ENUM, FLOAT, FLOATS, INT, TEXT, Lab, RemoteLab, labelled
from tests.pace import turning

VALUES = [
    ("number", FLOAT, 1.5),
    ("number", ANY, 1.5),
    ("count", INT, 3),
    ("count", FLOAT, 3.0),
    ("count", ANY, 3),
    ("flag", BOOL, True),
    ("flag", ENUM, "Open"),
    ("flag", ANY, "Open"),
    ("mode", ENUM, "High"),
    ("mode", labelled("Low", "High", "Off"), "High"),
    ("mode", labelled("Off", "High", match="subset"), "High"),
    ("mode", labelled("High", "Off", "Low", "More", match="superset"), "High"),
    ("mode", TEXT, "High"),
    ("text", TEXT, "hello"),
    ("text", ANY, "hello"),
]


@pytest.mark.parametrize(("name", "datatype", "expected"), VALUES, ids=lambda value: str(value))
async def test_a_value_comes_in_the_declared_dtype(lab: Lab, name: str, datatype: object, expected: object) -> None:
    channel = await lab.connected(name, datatype)  # type: ignore[arg-type]
    value = await lab.value(channel)
    assert value == expected
    assert type(value) is type(expected)


async def test_an_array_has_the_length_that_it_has_now(lab: Lab) -> None:
    channel = await lab.connected("spectrum", FLOATS)
    value = await lab.value(channel)
    assert value.dtype == np.float64
    assert value.tolist() == [0.5, 1.5, 2.5]


async def test_an_array_of_text(lab: Lab) -> None:
    channel = await lab.connected("words", ANY)
    assert await lab.value(channel) == ["a", "b"]


async def test_a_bulk_read_answers_in_order(lab: Lab) -> None:
    names = ["text", "number", "mode", "count", "flag", "number"] * 20
    channels = {name: lab.channel(name, ANY) for name in names}
    await lab.connect(*channels.values())
    readings = await lab.read(*[channels[name] for name in names])
    expected = {"text": "hello", "number": 1.5, "mode": "High", "count": 3, "flag": "Open"}
    assert [reading.value for reading in readings if isinstance(reading, Reading)] == [expected[name] for name in names]


async def test_a_reading_has_the_servers_time_and_alarm(lab: Lab) -> None:
    channel = await lab.connected("number", FLOAT)
    (reading,) = await lab.read(channel)
    assert isinstance(reading, Reading)
    assert abs(reading.timestamp - time.time()) < 600
    assert (reading.alarm_severity, reading.message) == (0, "")


async def test_one_failure_does_not_touch_the_others(lab: Lab) -> None:
    absent, number = lab.channel("nowhere", FLOAT), lab.channel("number", FLOAT)
    await lab.connect(absent, number, timeout_s=0.3)
    readings = await lab.read(absent, number, absent)
    assert [isinstance(reading, Reading) for reading in readings] == [False, True, False]


async def test_reading_nothing(lab: Lab) -> None:
    assert await lab.read() == []
    assert await lab.connect() == []
    assert await lab.connector.put([]) == []


async def test_a_hung_server_costs_the_deadline(remote_lab: RemoteLab) -> None:
    lab = remote_lab
    channel, other = lab.channel("number", FLOAT), lab.channel("count", INT)
    await lab.connect(channel, other)
    with lab.hung():
        started = time.monotonic()
        soon, later = started + 0.3, started + 0.5
        async with turning() as clock:
            readings = await lab.connector.read([ReadRequest(channel, soon), ReadRequest(other, later)])
            assert [type(reading) for reading in readings] == [ReadTimeoutError] * 2
            for reading in map(str, readings):
                assert re.search(r" did not answer within 0\.\d s — .*`timeout: \{read: S\}`", reading), reading
            assert clock() < 0.8
        assert time.monotonic() - started > 0.45
    assert await lab.value(channel) == 1.5


async def test_cancelling_leaves_nothing(remote_lab: RemoteLab) -> None:
    lab = remote_lab
    channel = await lab.connected("number", FLOAT)
    with lab.hung():
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(lab.read(channel)) for _ in range(3)]
        tasks.append(asyncio.create_task(lab.put(channel, 2.0)))
        tasks.append(asyncio.create_task(lab.connect(lab.channel("nowhere", FLOAT))))
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 5
    assert len(asyncio.all_tasks()) == 1
