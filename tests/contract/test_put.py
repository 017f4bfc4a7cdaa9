"""Writing: done means done, refused is never silent, and what cannot be right is not sent."""

import asyncio
import time
from typing import Any, cast

import numpy as np
import pytest

from ophyd_decl.connectors.linked_channel import LinkedChannel
from ophyd_decl.connectors.protocol import PutRequest
from ophyd_decl.connectors.pva.link import PvaLink
from ophyd_decl.errors import BadValueError, NotTakenError, PutNotSentError, PutRefusedError, PutTimeoutError
from ophyd_decl.vocab.readings import Limits
from tests.contract.labs import BOOL, ENUM, FLOAT, FLOATS, INT, MODES, TEXT, TIMEOUT_S, EpicsLab, Lab, labelled
from tests.pace import turning

GOOD = [
    ("number", FLOAT, 2.5, 1.5),
    ("number", FLOAT, 3, 1.5),
    ("count", INT, 4, 3),
    ("count", INT, 4.0, 3),
    ("flag", BOOL, False, True),
    ("flag", ENUM, "Closed", "Open"),
    ("mode", labelled(*MODES), "Off", "High"),
    ("mode", TEXT, "Off", "High"),
    ("text", TEXT, "good bye", "hello"),
    ("long_text", TEXT, "x" * 200, ""),
    ("spectrum", FLOATS, np.array([4.0, 5.0]), np.array([0.5, 1.5, 2.5])),
    ("spectrum", FLOATS, [4, 5], [0.5, 1.5, 2.5]),
]


@pytest.mark.parametrize("wait", [True, False], ids=["wait", "no wait"])
@pytest.mark.parametrize(("name", "datatype", "value", "before"), GOOD, ids=lambda value: str(value)[:20])
async def test_what_was_put_is_read_back(
    lab: Lab, name: str, datatype: Any, value: Any, before: Any, wait: bool
) -> None:
    channel = await lab.connected(name, datatype)
    assert await lab.put(channel, value, wait=wait) is None
    assert np.array_equal(await lab.value(channel), value)
    assert await lab.put(channel, before) is None


async def test_with_wait_the_outcome_is_the_completion(lab: Lab) -> None:
    axis, arrived = lab.channel("axis", FLOAT), lab.channel("arrived", FLOAT)
    await lab.connect(axis, arrived)
    target = await lab.value(arrived) + 1
    started = time.monotonic()
    assert await lab.put(axis, target) is None
    assert time.monotonic() - started > 0.25
    assert await lab.value(arrived) == target


async def test_without_wait_it_does_not_wait(lab: Lab) -> None:
    axis = await lab.connected("axis", FLOAT)
    async with turning() as clock:
        assert await lab.put(axis, 7.0, wait=False) is None
        assert (clock() < 0.25) is lab.knows_accepted


async def test_puts_of_one_call_go_out_together(lab: Lab) -> None:
    axis, number = lab.channel("axis", FLOAT), lab.channel("number", FLOAT)
    await lab.connect(axis, number)
    deadline = time.monotonic() + 5
    requests = [PutRequest(axis, 3.0, True, deadline), PutRequest(number, 4.0, True, deadline)]
    async with turning() as clock:
        assert await lab.connector.put(requests) == [None, None]
        assert clock() < 0.6
    await lab.put(number, 1.5)


@pytest.mark.parametrize("wait", [True, False], ids=["wait", "no wait"])
@pytest.mark.parametrize("name", ["disabled", "guarded"])
async def test_a_refused_put_is_an_error_of_its_own(lab: Lab, name: str, wait: bool) -> None:
    channel = await lab.connected(name, FLOAT)
    outcome = await lab.put(channel, 5.0, wait=wait)
    assert isinstance(outcome, PutRefusedError)
    assert outcome
    assert channel.source in str(outcome)
    assert await lab.value(channel) == 1.0


async def test_a_refused_put_among_others_is_found(lab: Lab) -> None:
    number, disabled = lab.channel("number", FLOAT), lab.channel("disabled", FLOAT)
    await lab.connect(number, disabled)
    deadline = time.monotonic() + 5
    for wait in (True, False):
        requests = [PutRequest(channel, 1.5, wait, deadline) for channel in (number, disabled, number, disabled)]
        outcomes = await lab.connector.put(requests)
        assert [type(outcome) for outcome in outcomes] == [type(None), PutRefusedError] * 2


BAD = [
    ("number", FLOAT, float("nan")),
    ("number", FLOAT, "1.5"),
    ("number", FLOAT, None),
    ("number", FLOAT, [1.0]),
    ("count", INT, 2.5),
    ("count", INT, 2**31),
    ("count", INT, "3"),
    ("count", FLOAT, 2.5),
    ("flag", BOOL, "False"),
    ("flag", BOOL, 2),
    ("flag", ENUM, 1),
    ("mode", labelled(*MODES), "Medium"),
    ("mode", labelled("Low", "High", "Off", "More", match="superset"), "More"),
    ("text", TEXT, 5),
    ("text", TEXT, "a\0b"),
    ("spectrum", FLOATS, 1.0),
    ("spectrum", FLOATS, [[1.0]]),
    ("spectrum", FLOATS, ["a"]),
]


@pytest.mark.parametrize(("name", "datatype", "value"), BAD, ids=lambda value: str(value)[:20])
async def test_a_bad_value_is_refused_and_nothing_is_sent(lab: Lab, name: str, datatype: Any, value: Any) -> None:
    channel = await lab.connected(name, datatype)
    before = (await lab.read(channel))[0]
    outcome = await lab.put(channel, value)
    assert isinstance(outcome, BadValueError)
    assert outcome.source == channel.source
    after = (await lab.read(channel))[0]
    assert before.timestamp == after.timestamp  # type: ignore[union-attr]


@pytest.mark.parametrize(("name", "datatype", "value"), [("text", TEXT, "x" * 40), ("spectrum", FLOATS, range(9))])
async def test_what_is_too_long_is_never_cut_off_without_a_word(lab: Lab, name: str, datatype: Any, value: Any) -> None:
    """Where the protocol tells the size it is not sent; else what the server has kept is compared."""
    channel = await lab.connected(name, datatype)
    before = await lab.value(channel)
    for wait in (True, False):
        outcome = await lab.put(channel, value, wait=wait)
        if name in lab.sized:
            assert isinstance(outcome, BadValueError)
        elif name in lab.unlimited:
            assert outcome is None
        else:
            assert isinstance(outcome, NotTakenError)
            assert f"of {len(value)}" in str(outcome)
    assert await lab.put(channel, before) is None


async def test_what_a_put_gives_another_meaning_has_it_when_the_put_is_done(epics_lab: EpicsLab) -> None:
    lab = epics_lab
    number, mode = lab.channel("number", FLOAT), lab.channel("mode", ENUM)
    limit, label = lab.channel("number.DRVH", FLOAT), lab.channel("mode.ONST", TEXT)
    await lab.connect(number, mode, limit, label)
    for count in range(20):
        assert await lab.put(limit, 20.0 + count) is None
        description = number.description
        assert description is not None
        assert description.limits == Limits(-50, 20.0 + count)
        assert await lab.put(label, f"High {count}") is None
        assert await lab.value(mode) == f"High {count}"
    before = number.generation
    assert await lab.put(limit, 39.0) is None
    assert number.generation == before  # what stays as it is ends nothing


async def test_a_completion_that_is_late_is_a_timeout(lab: Lab) -> None:
    axis, arrived = lab.channel("axis", FLOAT), lab.channel("arrived", FLOAT)
    await lab.connect(axis, arrived)
    outcome = await lab.put(axis, 11.0, timeout_s=0.05)
    assert isinstance(outcome, PutTimeoutError)
    if lab.protocol != "soft":  # there the hook ends with its put
        deadline = time.monotonic() + 2
        while await lab.value(arrived) != 11.0:
            assert time.monotonic() < deadline


@pytest.mark.parametrize("first_ends", ["late", "cancelled", "done"])
async def test_a_put_behind_another_is_done_when_it_has_arrived_itself(epics_lab: EpicsLab, first_ends: str) -> None:
    lab = epics_lab
    axis, arrived = lab.channel("axis", FLOAT), lab.channel("arrived", FLOAT)
    await lab.connect(axis, arrived)
    first = asyncio.create_task(lab.put(axis, 11.0, timeout_s=0.05 if first_ends == "late" else TIMEOUT_S))
    await asyncio.sleep(0.03)  # it is on the wire
    if first_ends == "late":
        assert isinstance(await first, PutTimeoutError)
    elif first_ends == "cancelled":
        first.cancel()
        await asyncio.wait([first])
    assert await lab.put(axis, 12.0) is None
    assert await lab.value(arrived) == 12.0
    if first_ends == "done":
        assert await first is None
    if lab.protocol == "pva":
        assert not cast(PvaLink, cast(LinkedChannel, axis).link).completing  # nothing is left of those


async def test_a_put_that_waits_behind_another_is_not_sent_when_its_time_is_over(epics_lab: EpicsLab) -> None:
    lab = epics_lab
    axis, arrived = lab.channel("axis", FLOAT), lab.channel("arrived", FLOAT)
    await lab.connect(axis, arrived)
    first = asyncio.create_task(lab.put(axis, 11.0))
    await asyncio.sleep(0.03)  # it is on the wire
    outcome = await lab.put(axis, 12.0, timeout_s=0.05)
    if lab.protocol == "pva":
        assert isinstance(outcome, PutNotSentError)
        assert "an earlier put to it was not completed" in str(outcome)
    else:  # the server has it, and does it later
        assert isinstance(outcome, PutTimeoutError)
    assert await first is None
    if lab.protocol == "pva":
        assert await lab.value(axis) == 11.0


async def test_a_deadline_in_the_past_sends_nothing(lab: Lab) -> None:
    channel = await lab.connected("number", FLOAT)
    assert isinstance(await lab.put(channel, 9.0, timeout_s=-1), PutNotSentError)
    assert await lab.value(channel) == 1.5


async def test_many_puts_and_reads_at_the_same_time(lab: Lab) -> None:
    channel = await lab.connected("count", INT)
    outcomes = await asyncio.gather(*[lab.put(channel, number) for number in range(50)])
    assert outcomes == [None] * 50
    assert await lab.value(channel) == 49
    await lab.put(channel, 3)
