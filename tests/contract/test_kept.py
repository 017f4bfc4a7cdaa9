"""A server that keeps less of a text, an array or a table than it was sent completes the put, and says nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from ophyd_decl.errors import BadValueError, NotTakenError
from ophyd_decl.vocab.datatypes import Datatype
from tests.contract.labs import INT, TEXT, EpicsLab
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

RECORDS = """
record(ao, "$(P)plain") { field(EGU, "mm") field(PINI, "YES") }
record(mbbo, "$(P)labels") { field(ZRST, "A") field(PINI, "YES") }
record(waveform, "$(P)words") { field(FTVL, "STRING") field(NELM, "4") field(PINI, "YES") }

# Takes 1 s to process.
record(calcout, "$(P)slow") { field(CALC, "A") field(ODLY, "1") field(PINI, "NO") }

record(waveform, "$(P)columns:a") { field(FTVL, "FLOAT") field(NELM, "4") field(PINI, "YES") field(INP, {const: [1, 2]})
  info(Q:group, {"$(P)columns": {"+id": "epics:nt/NTTable:1.0",
    "value.a": {"+type": "plain", "+channel": "VAL", "+putorder": 1}}}) }
record(waveform, "$(P)columns:b") { field(FTVL, "STRING") field(NELM, "4") field(PINI, "YES")
  info(Q:group, {"$(P)columns": {"value.b": {"+type": "plain", "+channel": "VAL", "+putorder": 2}}}) }

# Of this one the column b is not written.
record(waveform, "$(P)half:a") { field(FTVL, "DOUBLE") field(NELM, "4") field(PINI, "YES") field(INP, {const: [1, 2]})
  info(Q:group, {"$(P)half": {"+id": "epics:nt/NTTable:1.0",
    "value.a": {"+type": "plain", "+channel": "VAL", "+putorder": 1}}}) }
record(waveform, "$(P)half:b") { field(FTVL, "DOUBLE") field(NELM, "4") field(PINI, "YES") field(INP, {const: [3, 4]})
  info(Q:group, {"$(P)half": {"value.b": {"+type": "plain", "+channel": "VAL"}}}) }
"""
WAITS = pytest.mark.parametrize("wait", [True, False], ids=["wait", "no wait"])
WORDS = Datatype("str", (None,))
COLUMNS = Datatype("table", columns=(("a", "float32"), ("b", "str")))
HALF = Datatype("table", columns=(("b", "float64"), ("a", "float64")))


@pytest.fixture(scope="module")
def keeping_ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(RECORDS)


@pytest.fixture(autouse=True)
def readable(keeping_ioc: Ioc) -> None:
    """Let no text be there that was cut off within a letter: pvAccess cannot describe its PV then."""
    for name in ("plain.EGU", "labels.ZRST"):
        keeping_ioc.put(name, "a")
    for name in ("words", "columns:b"):
        keeping_ioc.put(name, "['a']")


@pytest.fixture
async def lab(epics_protocol: str, keeping_ioc: Ioc) -> AsyncIterator[EpicsLab]:
    async with EpicsLab(epics_protocol, keeping_ioc) as made:
        yield made


@pytest.fixture
async def pva(keeping_ioc: Ioc) -> AsyncIterator[EpicsLab]:
    async with EpicsLab("pva", keeping_ioc) as made:
        yield made


@WAITS
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("plain.EGU", "x" * 20, "first 15 of 20"), ("plain.EGU", "é" * 10, "first 7 of 10"),
     ("labels.ZRST", "x" * 30, "first 25 of 30")],
)  # fmt: skip
async def test_a_field_that_holds_less_than_it_was_sent_is_an_error(
    lab: EpicsLab, name: str, value: str, told: str, wait: bool
) -> None:
    channel = await lab.connected(name, TEXT)
    outcome = await lab.put(channel, value, wait=wait)
    assert isinstance(outcome, NotTakenError)
    assert told in str(outcome)
    assert channel.source in str(outcome)


@WAITS
@pytest.mark.parametrize("name", ["plain.EGU", "labels.ZRST", "plain.DESC"])
async def test_a_field_that_holds_all_is_done(lab: EpicsLab, name: str, wait: bool) -> None:
    channel = await lab.connected(name, TEXT)
    for value in ("", "x", "x" * 15, "é" * 7, ""):
        assert await lab.put(channel, value, wait=wait) is None
        assert await lab.value(channel) == value


async def test_a_field_whose_put_waits_behind_another_one_is_compared_when_it_is_done(lab: EpicsLab) -> None:
    """The look that goes with the put finds what was there before, which says nothing."""
    proc, units = lab.channel("slow.PROC", INT), lab.channel("slow.EGU", TEXT)
    await lab.connect(proc, units)
    assert await lab.put(units, "before") is None
    for value, kind in (("after", type(None)), ("x" * 20, NotTakenError)):
        first = asyncio.ensure_future(lab.put(proc, 1))
        await asyncio.sleep(0)
        assert isinstance(await lab.put(units, value), kind)
        assert await first is None


@WAITS
@pytest.mark.parametrize(
    ("value", "told"),
    [(["x" * 50, "b"], "first 39 of 50 characters of element 0"), (["a", "b", "x" * 40], "of element 2"),
     (["é" * 19, "é" * 20], "first 19 of 20 characters of element 1"), (["a"] * 5, "first 4 of 5 elements")],
)  # fmt: skip
async def test_texts_of_an_array_are_compared_one_by_one(lab: EpicsLab, value: Any, told: str, wait: bool) -> None:
    """Channel Access tells that an element has 40 bytes, so nothing is sent there."""
    channel = await lab.connected("words", WORDS)
    for good in (["x" * 39, "b"], ["", "é"], [""]):
        assert await lab.put(channel, good, wait=wait) is None
        assert await lab.value(channel) == good
    outcome = await lab.put(channel, value, wait=wait)
    if lab.protocol == "ca":
        assert isinstance(outcome, BadValueError)
    else:
        assert isinstance(outcome, NotTakenError)
        assert told in str(outcome)


@WAITS
@pytest.mark.parametrize(
    ("value", "told"),
    [({"a": [0.1, 2], "b": ["x" * 50, "y"]}, "first 39 of 50 characters of element 0, in column `b`"),
     ({"a": [0.1, 2], "b": ["x", "é" * 20]}, "first 19 of 20 characters of element 1, in column `b`"),
     ({"a": range(5), "b": ["y"] * 5}, "first 4 of 5 elements, in column `a`")],
)  # fmt: skip
async def test_columns_of_a_table_that_are_cut_off_are_found(pva: EpicsLab, value: Any, told: str, wait: bool) -> None:
    channel = await pva.connected("columns", COLUMNS)
    good = {"a": np.array([0.1, np.nan, 3], np.float32), "b": ["x" * 39, "é", ""]}
    assert await pva.put(channel, good, wait=wait) is None
    outcome = await pva.put(channel, value, wait=wait)
    assert isinstance(outcome, NotTakenError)
    assert told in str(outcome)


@WAITS
@pytest.mark.parametrize("b", [[9, 9], [9, 9, 9], [9]])
async def test_a_column_that_the_server_does_not_write_is_found(pva: EpicsLab, b: list[float], wait: bool) -> None:
    channel = await pva.connected("half", HALF)
    a = list(range(len(b)))
    outcome = await pva.put(channel, {"b": b, "a": a}, wait=wait)
    assert isinstance(outcome, NotTakenError)
    assert "column `b`" in str(outcome)
    assert "+putorder" in (outcome.help or "")
    assert await pva.put(channel, {"b": [3, 4], "a": [5, 6]}, wait=wait) is None
