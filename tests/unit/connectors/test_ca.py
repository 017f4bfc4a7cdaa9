"""What is special to Channel Access: its types, its names, its one context."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ophyd_decl.connectors.ca import CaConnector, library
from ophyd_decl.connectors.ca.context import shared
from ophyd_decl.connectors.ca.decoding import HEADER_SIZE, severity_of
from ophyd_decl.connectors.protocol import Description, PutRequest, ReadRequest
from ophyd_decl.connectors.values import text_of
from ophyd_decl.errors import AbsentError, BadValueError, ConversionError, PutRefusedError, ReadError
from ophyd_decl.vocab.datatypes import NUMPY_WIDTHS, Datatype
from ophyd_decl.vocab.readings import Reading
from tests.pace import turning
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc, RandomWalk
from tests.servers.process import ServerProcess

FIELD_TYPES = {
    "int8": ("CHAR", "[-2, 1]"),
    "uint8": ("UCHAR", "[254, 1]"),
    "int16": ("SHORT", "[-2, 1]"),
    "uint16": ("USHORT", "[65534, 1]"),
    "int32": ("LONG", "[-2, 1]"),
    "uint32": ("ULONG", "[4294967294, 1]"),
    "int64": ("INT64", "[-9007199254740990, 1]"),
    "uint64": ("UINT64", "[9007199254740990, 1]"),
    "float32": ("FLOAT", "[0.5, 1]"),
    "float64": ("DOUBLE", "[0.1, 1]"),
}
DATABASE = (
    "\n".join(
        f'record(waveform, "$(P){name}") {{ field(FTVL, "{kind}") field(NELM, "4") field(INP, {{const: {values}}}) '
        f'field(PINI, "YES") }}\n'
        f'record(waveform, "$(P)one:{name}") {{ field(FTVL, "{kind}") field(NELM, "1") field(PINI, "YES") }}'
        for name, (kind, values) in FIELD_TYPES.items()
    )
    + """
record(waveform, "$(P)path") { field(FTVL, "CHAR") field(NELM, "100") field(PINI, "YES") }
record(waveform, "$(P)enums") { field(FTVL, "ENUM") field(NELM, "3") field(INP, {const: [2, 0]}) field(PINI, "YES") }
record(int64out, "$(P)large") { field(VAL, "9007199254740993") field(PINI, "YES") }
record(ao, "$(P)degrees") { field(VAL, "20") field(EGU, "\xb0C") field(PINI, "YES") field(PREC, "0") }
record(ao, "$(P)unreadable") { field(VAL, "1") field(PINI, "YES") field(ASG, "HIDDEN") }
record(stringout, "$(P)string") { field(DESC, "a description of forty characters, not 1") field(PINI, "YES") }
record(mbbo, "$(P)gaps") { field(ZRST, "a") field(TWST, "a") field(THST, "b") field(VAL, "2") field(PINI, "YES") }
record(lsi, "$(P)long") { field(SIZV, "100") }
"""
)
RULES = "ASG(DEFAULT) { RULE(1, WRITE) }\nASG(HIDDEN)\n"


@pytest.fixture(scope="module")
def types(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(DATABASE, access=RULES)


@pytest.fixture
async def ca() -> AsyncIterator[CaConnector]:
    connector = CaConnector()
    connector.bind(asyncio.get_running_loop())
    yield connector
    await connector.close()


async def connect(ca: CaConnector, address: str, datatype: Datatype | str) -> Any:
    channel = ca.channel(address, Datatype(datatype) if isinstance(datatype, str) else datatype)
    (outcome,) = await ca.connect([channel], time.monotonic() + 5)
    return channel, outcome


async def read(ca: CaConnector, channel: Any) -> Any:
    (reading,) = await ca.read([ReadRequest(channel, time.monotonic() + 5)])
    return reading.value if isinstance(reading, Reading) else reading


async def put(ca: CaConnector, channel: Any, value: Any, *, wait: bool = True) -> Any:
    return (await ca.put([PutRequest(channel, value, wait, time.monotonic() + 5)]))[0]


@pytest.mark.parametrize("name", FIELD_TYPES)
async def test_an_array_of_each_field_type_is_what_is_declared(ca: CaConnector, types: Ioc, name: str) -> None:
    channel, outcome = await connect(ca, types.pv(name), Datatype(name, (None,)))
    assert isinstance(outcome, Description), outcome
    assert outcome.dtype_numpy == NUMPY_WIDTHS[name]
    value = await read(ca, channel)
    assert value.dtype == name
    assert value.tolist() == np.array(eval(FIELD_TYPES[name][1]), name).tolist()
    value[0] = 0  # it belongs to its reader
    assert await put(ca, channel, [1, 2, 3]) is None
    assert (await read(ca, channel)).tolist() == [1, 2, 3]
    types.put(f"{name}.PROC", 1)


@pytest.mark.parametrize("name", FIELD_TYPES)
async def test_an_array_of_one_element_is_an_array(ca: CaConnector, types: Ioc, name: str) -> None:
    channel, outcome = await connect(ca, types.pv(f"one:{name}"), Datatype(name, (None,)))
    assert isinstance(outcome, Description), outcome
    assert (await read(ca, channel)).tolist() == []
    assert await put(ca, channel, [7]) is None
    assert (await read(ca, channel)).tolist() == [7]
    types.put(f"one:{name}.NORD", 0)


async def test_characters_are_text_or_numbers_as_declared(ca: CaConnector, types: Ioc) -> None:
    text_channel, _ = await connect(ca, types.pv("path"), "str")
    numbers, _ = await connect(ca, types.pv("path"), Datatype("uint8", (None,)))
    assert await put(ca, text_channel, "/dls/i22/" + "x" * 60) is None
    assert await read(ca, text_channel) == "/dls/i22/" + "x" * 60
    assert (await read(ca, numbers)).tobytes().startswith(b"/dls/i22/x")
    assert isinstance(await put(ca, text_channel, "x" * 100), BadValueError)


async def test_a_description_of_forty_characters_is_not_cut(ca: CaConnector, types: Ioc) -> None:
    for address in ("string.DESC", "string.DESC$"):
        channel, outcome = await connect(ca, types.pv(address), "str")
        assert isinstance(outcome, Description), outcome
        assert await read(ca, channel) == "a description of forty characters, not 1"
    channel, _ = await connect(ca, types.pv("string.DESC$"), "any")
    assert await read(ca, channel) == "a description of forty characters, not 1"


async def test_enums_without_labels_are_numbers(ca: CaConnector, types: Ioc) -> None:
    channel, outcome = await connect(ca, types.pv("enums"), "any")
    assert isinstance(outcome, Description)
    assert (await read(ca, channel)).tolist() == [2, 0]


async def test_labels_that_are_repeated_or_empty(ca: CaConnector, types: Ioc) -> None:
    channel, outcome = await connect(ca, types.pv("gaps"), "enum")
    assert isinstance(outcome, Description)
    assert outcome.choices == ("#0", "#1", "#2", "b")
    assert await read(ca, channel) == "#2"
    assert isinstance(await put(ca, channel, "#0"), BadValueError)


async def test_an_int_that_is_not_exact_over_this_protocol_is_not_read(ca: CaConnector, types: Ioc) -> None:
    channel, outcome = await connect(ca, types.pv("large"), "int")
    assert isinstance(outcome, Description)
    types.put("large", 9007199254740995)
    assert isinstance(await read(ca, channel), ConversionError)
    types.put("large", 9007199254740991)
    assert await read(ca, channel) == 9007199254740991


async def test_units_that_are_not_utf_8(ca: CaConnector, types: Ioc) -> None:
    _, outcome = await connect(ca, types.pv("degrees"), "int")
    assert isinstance(outcome, Description)
    assert outcome.units in ("°C", "Â°C")
    assert text_of(b"\xb0C\0rest") == "°C"


async def test_what_may_not_be_read_connects_and_says_so(ca: CaConnector, types: Ioc) -> None:
    channel, outcome = await connect(ca, types.pv("unreadable"), "float")
    assert isinstance(outcome, Description)
    assert not outcome.readable
    answer = await read(ca, channel)
    assert isinstance(answer, ReadError)
    assert "denies read access" in str(answer)
    assert isinstance(await put(ca, channel, 2.0), PutRefusedError)


@pytest.mark.parametrize("name", ["", "  ", "a b", "x" * 61, "x" * 61 + ".VAL"])
async def test_a_name_that_no_ioc_can_have(ca: CaConnector, name: str) -> None:
    async with turning() as clock:
        _, outcome = await connect(ca, name, "any")
        assert clock() < 0.1
    assert isinstance(outcome, AbsentError)


async def test_an_empty_array_cannot_be_written(ca: CaConnector, types: Ioc) -> None:
    channel, _ = await connect(ca, types.pv("float64"), Datatype("float64", (None,)))
    assert isinstance(await put(ca, channel, []), BadValueError)


async def test_a_server_without_long_strings(ca: CaConnector, types: Ioc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ophyd_decl.connectors.ca.link.long_form", lambda name: types.pv("nowhere.VAL$"))
    async with turning() as clock:
        channel, outcome = await connect(ca, types.pv("string"), "str")
        assert isinstance(outcome, Description), outcome
        assert clock() < 1
    assert outcome.native.detail == "DBR_STRING"
    assert await put(ca, channel, "short") is None
    assert await read(ca, channel) == "short"
    assert isinstance(await put(ca, channel, "x" * 40), BadValueError)


async def test_strings_of_caproto(ca: CaConnector, tmp_path: Path) -> None:
    arguments = ["caproto.ioc_examples.scalars_and_arrays", "--prefix", "lab:", "--interfaces", "127.0.0.1"]
    server = ServerProcess("caproto_process.py", arguments, log=tmp_path / "log")
    try:
        server.start()
        for name, before in (("scalar_string", "string1"), ("char", "char0123")):
            channel, outcome = await connect(ca, f"lab:{name}", "str")
            assert isinstance(outcome, Description), outcome
            assert await read(ca, channel) == before
            assert await put(ca, channel, "short") is None
            assert await read(ca, channel) == "short"
    finally:
        server.close()


async def test_the_random_walk_of_caproto(ca: CaConnector, random_walk: RandomWalk) -> None:
    dt, outcome = await connect(ca, "random_walk:dt", "any")
    assert isinstance(outcome, Description)
    x, _ = await connect(ca, "random_walk:x", "float")
    assert await put(ca, dt, 0.5) is None
    assert await read(ca, dt) == 0.5
    assert isinstance(await read(ca, x), float)


def test_the_layout_of_replies() -> None:
    from epicscorelibs.ca import dbr

    for kind, structure in dbr.DbrCodeToType.items():
        if kind in HEADER_SIZE and kind not in (28,):
            assert HEADER_SIZE[kind] == structure.raw_value.offset, structure


def test_severities() -> None:
    assert [severity_of(severity) for severity in range(5)] == [0, 1, 2, -1, -1]


async def test_puts_of_many_tasks_are_sent_together(
    ca: CaConnector, types: Ioc, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, _ = await connect(ca, types.pv("degrees"), "float")
    flushes: list[None] = []
    flush = library.flush_io
    monkeypatch.setattr(library, "flush_io", lambda: flushes.append(flush()))
    outcomes = await asyncio.gather(*[put(ca, channel, float(value)) for value in range(100)])
    assert outcomes == [None] * 100
    assert await read(ca, channel) in range(100)
    assert len(flushes) < 50  # some are looked at again


def test_what_was_not_sent_when_a_loop_ended_is_sent_from_the_next(types: Ioc) -> None:
    ca = CaConnector()
    loop = asyncio.new_event_loop()

    async def ask_and_end() -> None:
        ca.bind(loop)
        channel = ca.channel(types.pv("degrees"), Datatype("float"))
        asyncio.ensure_future(ca.connect([channel], time.monotonic() + 5))  # noqa: RUF006  # it dies with the loop
        loop.call_soon(loop.stop)

    loop.call_soon(lambda: asyncio.ensure_future(ask_and_end(), loop=loop))
    loop.run_forever()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()

    async def go_on() -> None:
        ca.bind(asyncio.get_running_loop())
        channel, outcome = await connect(ca, types.pv("degrees"), "float")
        assert isinstance(outcome, Description)
        assert isinstance(await read(ca, channel), float)
        await ca.close()

    asyncio.run(go_on())


async def test_a_request_behind_an_answer_does_not_wait_for_others(
    ca: CaConnector, types: Ioc, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, _ = await connect(ca, types.pv("degrees"), "float")
    await read(ca, channel)
    put_off: list[None] = []
    put_off_as_usual = shared._flushes_soon

    def noted() -> bool:
        put_off.append(None)
        return put_off_as_usual()

    monkeypatch.setattr(shared, "_flushes_soon", noted)
    for _ in range(5):
        assert isinstance(await read(ca, channel), float)
    assert put_off == []


async def test_requests_that_are_made_together_are_sent_together(
    ca: CaConnector, types: Ioc, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, _ = await connect(ca, types.pv("degrees"), "float")
    await read(ca, channel)
    flushes: list[None] = []
    flush = shared._flush

    def counted() -> None:
        flushes.append(None)
        flush()

    monkeypatch.setattr(shared, "_flush", counted)
    values = await asyncio.gather(*[read(ca, channel) for _ in range(100)])
    assert len(set(values)) == 1
    assert isinstance(values[0], float)
    assert len(flushes) <= 5
