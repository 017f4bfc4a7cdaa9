"""What is special to pvAccess: its structures, and what p4p gives."""

import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from ophyd_decl.connectors.protocol import Description, PutRequest, ReadRequest
from ophyd_decl.connectors.pva import PvaConnector
from ophyd_decl.connectors.pva.subscription import Updates
from ophyd_decl.errors import BadValueError, MismatchError, NotTakenError
from ophyd_decl.vocab.datatypes import Datatype
from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import Seen, labelled, until
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

WIDTHS = {
    "int8": "CHAR",
    "uint8": "UCHAR",
    "int16": "SHORT",
    "uint16": "USHORT",
    "int32": "LONG",
    "uint32": "ULONG",
    "int64": "INT64",
    "uint64": "UINT64",
    "float32": "FLOAT",
    "float64": "DOUBLE",
}
DATABASE = (
    "\n".join(
        f'record(waveform, "$(P){name}") {{ field(FTVL, "{kind}") field(NELM, "4") field(INP, {{const: [1, 2]}}) '
        f'field(PINI, "YES") }}'
        for name, kind in WIDTHS.items()
    )
    + """
record(waveform, "$(P)enums") { field(FTVL, "ENUM") field(NELM, "3") field(INP, {const: [2, 0]}) field(PINI, "YES") }
record(int64out, "$(P)int64_out") { field(VAL, "9007199254740993") field(PINI, "YES") }
record(ao, "$(P)number") { field(VAL, "1.5") field(EGU, "mm") field(PREC, "2") field(PINI, "YES") }
record(lso, "$(P)text") { field(SIZV, "100") field(PINI, "YES") }
"""
)


@pytest.fixture(scope="module")
def types(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(DATABASE)


async def connect(pva: PvaConnector, address: str, datatype: Datatype | str) -> Any:
    channel = pva.channel(address, Datatype(datatype) if isinstance(datatype, str) else datatype)
    (outcome,) = await pva.connect([channel], time.monotonic() + 5)
    return channel, outcome


async def read(pva: PvaConnector, channel: Any) -> Any:
    (reading,) = await pva.read([ReadRequest(channel, time.monotonic() + 5)])
    return reading.value if isinstance(reading, Reading) else reading


async def put(pva: PvaConnector, channel: Any, value: Any) -> Any:
    return (await pva.put([PutRequest(channel, value, True, time.monotonic() + 5)]))[0]


async def kept(channel: Any) -> None:
    """Wait until the keeper of a channel has begun."""
    await until(lambda: channel.link._keeper is not None and channel.link._keeper.has_heard)


@pytest.mark.parametrize("name", WIDTHS)
async def test_an_array_of_each_field_type(pva: PvaConnector, types: Ioc, name: str) -> None:
    channel, outcome = await connect(pva, types.pv(name), Datatype(name, (None,)))
    assert isinstance(outcome, Description), outcome
    value = await read(pva, channel)
    assert (value.dtype, value.tolist()) == (name, [1, 2])
    assert await put(pva, channel, [3]) is None
    assert (await read(pva, channel)).tolist() == [3]
    assert await put(pva, channel, [1, 2]) is None


async def test_a_64_bit_int_is_exact(pva: PvaConnector, types: Ioc) -> None:
    channel, _ = await connect(pva, types.pv("int64_out"), "int")
    assert await read(pva, channel) == 9007199254740993
    assert await put(pva, channel, 9007199254740995) is None
    assert await read(pva, channel) == 9007199254740995


async def test_a_structure_that_the_server_cannot_give_is_one_clear_error(pva: PvaConnector, types: Ioc) -> None:
    _, outcome = await connect(pva, types.pv("enums"), "any")
    assert isinstance(outcome, MismatchError)
    assert "not supported" in str(outcome)


async def test_a_table(pva: PvaConnector, ioc: Ioc) -> None:
    columns = (("x", "float64"), ("y", "int32"))
    channel, outcome = await connect(pva, ioc.pv("table"), Datatype("table", columns=columns))
    assert isinstance(outcome, Description), outcome
    assert outcome.native.columns == columns
    table = await read(pva, channel)
    assert {name: column.tolist() for name, column in table.items()} == {"x": [1, 2, 3], "y": [10, 20, 30]}
    assert await put(pva, channel, {"x": [4.0], "y": [5]}) is None
    assert {name: column.tolist() for name, column in (await read(pva, channel)).items()} == {"x": [4], "y": [5]}
    assert await put(pva, channel, {"x": [1.0, 2.0, 3.0], "y": [10, 20, 30]}) is None
    assert isinstance(await put(pva, channel, {"x": [4.0]}), BadValueError)
    cut = await put(pva, channel, {"x": [1.0] * 9, "y": [1] * 9})
    assert isinstance(cut, NotTakenError)
    assert "8 of 9" in str(cut)
    assert await put(pva, channel, {"x": [1.0, 2.0, 3.0], "y": [10, 20, 30]}) is None
    for wrong in ("float", Datatype("table", columns=(("x", "float64"),)), Datatype("float64", (None,))):
        _, refused = await connect(pva, ioc.pv("table"), wrong)
        assert isinstance(refused, MismatchError)


async def test_text_that_was_cut_in_the_middle_of_a_letter(pva: PvaConnector, types: Ioc) -> None:
    channel, _ = await connect(pva, types.pv("text"), "str")
    number, _ = await connect(pva, types.pv("number"), "float")
    assert isinstance(await put(pva, channel, "é" * 60), NotTakenError)  # the server cuts it, and says nothing
    deadline = time.monotonic() + 5
    cut, good = await pva.read([ReadRequest(channel, deadline), ReadRequest(number, deadline)])
    assert "utf-8" in str(cut)
    assert isinstance(good, Reading)
    assert await put(pva, channel, "fine") is None
    assert await read(pva, channel) == "fine"


class TestOnP4p:
    """PVs of p4p, in this process, for structures that records cannot have."""

    @pytest.fixture
    async def served(self) -> AsyncIterator[dict[str, Any]]:
        from p4p.nt import NTEnum, NTNDArray, NTScalar
        from p4p.server import Server, StaticProvider
        from p4p.server.raw import SharedPV

        from tests.servers import environment

        ports = environment.pool().take()
        provider = StaticProvider("lab")
        pvs = {
            "L:flag": SharedPV(nt=NTScalar("?"), initial=True),
            "L:image": SharedPV(nt=NTNDArray(), initial=np.arange(6, dtype=np.uint16).reshape(2, 3)),
            "L:mode": SharedPV(nt=NTEnum(), initial={"index": 1, "choices": ["a", "b"]}),
            "L:plain": SharedPV(nt=NTScalar("i"), initial=3),
        }
        for name, pv in pvs.items():
            provider.add(name, pv)
        conf = {key: value for key, value in environment.server_environment(ports).items() if "PVAS" in key}
        with Server(providers=[provider], conf=conf, useenv=False):
            yield pvs
        environment.pool().give_back(ports)

    async def test_kinds(self, pva: PvaConnector, served: dict[str, Any]) -> None:
        flag, _ = await connect(pva, "L:flag", "bool")
        assert await read(pva, flag) is True
        image, outcome = await connect(pva, "L:image", Datatype("uint16", (None, None)))
        assert isinstance(outcome, Description), outcome
        assert outcome.shape == (2, 3)
        assert (await read(pva, image)).tolist() == [[0, 1, 2], [3, 4, 5]]
        assert isinstance(await put(pva, image, np.zeros((2, 3), np.uint16)), BadValueError)
        for wrong in ("float", Datatype("uint16", (None,)), Datatype("uint8", (None, None))):
            _, refused = await connect(pva, "L:image", wrong)
            assert isinstance(refused, MismatchError), wrong
        mode, _ = await connect(pva, "L:mode", "enum")
        assert await read(pva, mode) == "b"

    async def test_a_value_that_comes_with_other_labels_is_no_label_of_before(
        self, pva: PvaConnector, served: dict[str, Any]
    ) -> None:
        mode, _ = await connect(pva, "L:mode", "enum")
        strict, outcome = await connect(pva, "L:mode", labelled("a", "b"))
        assert isinstance(outcome, Description)
        await kept(mode)
        seen = Seen()
        monitor = pva.monitor(mode, seen)
        await until(lambda: seen.values == ["b"])
        for number in range(20):
            first = "ac"[number % 2]
            served["L:mode"].post({"index": 0, "choices": [first, "x"]})
            assert await read(pva, mode) == first
            await until(lambda first=first: seen.values[-1] == first)
        assert seen.values == ["b", *"ac" * 10]
        served["L:mode"].post({"index": 0, "choices": ["b", "a"]})
        assert isinstance(await read(pva, strict), MismatchError)
        monitor.close()

    async def test_a_put_without_a_handler_is_refused_with_the_servers_text(
        self, pva: PvaConnector, served: dict[str, Any]
    ) -> None:
        plain, _ = await connect(pva, "L:plain", "int")
        outcome = await put(pva, plain, 4)
        assert "refused" in str(outcome)

    async def test_metadata_that_change_while_they_are_asked_for_are_noticed(
        self, pva: PvaConnector, served: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The answer under way was given before, and comes behind the update."""
        channel, _ = await connect(pva, "L:mode", "enum")
        await kept(channel)
        link = channel.link
        answered, heard = link.answered, link.keeper_heard
        held: list[tuple[Any, ...]] = []
        told: list[Any] = []
        monkeypatch.setattr(link, "answered", lambda *answer: held.append(answer))
        monkeypatch.setattr(link, "keeper_heard", lambda *update: (told.append(update), heard(*update)))
        served["L:mode"].post({"index": 0, "choices": ["one", "two"]})
        await until(lambda: held)
        told.clear()
        served["L:mode"].post({"index": 0, "choices": ["three", "four"]})
        await until(lambda: told)
        monkeypatch.setattr(link, "answered", answered)
        answered(*held[0])
        await until(lambda: channel.state == "connected" and channel.description.choices == ("three", "four"))

    async def test_a_pv_that_is_closed_and_opened_with_another_type(
        self, pva: PvaConnector, served: dict[str, Any]
    ) -> None:
        from p4p.nt import NTScalar

        plain, outcome = await connect(pva, "L:plain", "int")
        assert isinstance(outcome, Description)
        await kept(plain)
        served["L:plain"].close()
        await until(lambda: plain.state == "closed")
        served["L:plain"].open("x", nt=NTScalar("s"))
        await until(lambda: plain.generation == 2, 15)
        assert isinstance(await read(pva, plain), MismatchError)


async def test_pvxs_does_not_wake_the_loop_for_each_update_that_comes_too_fast(
    pva: PvaConnector, types: Ioc, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, _ = await connect(pva, types.pv("number"), "float")
    wakes: list[None] = []
    wake = Updates._wake

    def counted(self: Updates) -> None:
        wakes.append(None)
        wake(self)

    monkeypatch.setattr(Updates, "_wake", counted)
    seen: list[Any] = []
    written = 1

    def slow(update: Any) -> None:
        """Take as long as five further puts, however busy the machine is."""
        seen.append(update.value)
        enough = written + 5
        while written < enough and writer.is_alive():
            time.sleep(0.001)

    def write() -> None:
        nonlocal written
        while len(seen) < 20 and written < 2000:
            written += 1
            types.put("number", written)

    writer = threading.Thread(target=write)
    monitor = pva.monitor(channel, slow)
    await until(lambda: len(seen) > 0)
    wakes.clear()
    seen.clear()
    writer.start()
    await until(lambda: not writer.is_alive(), 30)
    types.put("number", 1.5)
    await until(lambda: seen[-1:] == [1.5])
    monitor.close()
    assert len(seen) >= 20
    assert len(wakes) <= len(seen) / 2 + 1
    assert channel.dropped > 0
