"""DevEncoded: bytes and the name of their format, neither of which is lost; on a real server."""

import asyncio
import doctest
import pickle
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import numpy as np
import pytest
import tango

from ophyd_decl import Encoded, load_beamline
from ophyd_decl.connectors.values import encoded
from ophyd_decl.errors import BadValueError, MismatchError
from tests.contract.labs import until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

pytestmark = pytest.mark.usefixtures("tango_client")
TIMEOUT_S = 15.0
TEXT = """api: ophyd_decl/v1
kind: beamline
name: test
devices:
  lab:
    type: tango.device
    trl: "TRL"
    fill: true
    signals:
      frame: {attr: encoded, dtype: uint8, shape: [null], access: rw, format: uncached}
      coding: {attr: encoded, dtype: str, access: rw, format: uncached}
    commands:
      echo: {cmd: EchoEncoded, arg: {dtype: uint8, shape: [null]}, returns: {dtype: uint8, shape: [null]}}
      coding_of: {cmd: EchoEncoded, arg: {dtype: uint8, shape: [null]}, returns: str}
"""
WRONG = (
    TEXT.replace("fill: true", "fill: false")
    + """\
  other:
    type: tango.device
    trl: "TRL"
    signals:
      number: {attr: encoded, dtype: int}
      wide: {attr: encoded, dtype: uint16, shape: [null]}
      texts: {attr: encoded, dtype: str, shape: [null]}
      image: {attr: encoded, dtype: uint8, shape: [null, null]}
"""
)


@pytest.fixture(scope="module")
def server(module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory()


@pytest.fixture
def proxy(server: TangoServer) -> Any:
    made = server.client()
    made.write_attribute("encoded", ("RAW", b"\x01\x02\x00"))
    return made


def loaded(folder: Path, server: TangoServer, text: str = TEXT) -> Any:
    (folder / "beamline.yaml").write_text(text.replace("TRL", server.trl()))
    return load_beamline(folder)


@pytest.fixture
async def lab(server: TangoServer, proxy: Any, tmp_path: Path) -> AsyncIterator[Any]:
    beamline = loaded(tmp_path, server)
    (await beamline.aconnect(TIMEOUT_S)).or_raise()
    yield beamline.lab
    await beamline.aclose()


def served(proxy: Any) -> tuple[str, bytes]:
    name, data = proxy.read_attribute("encoded", extract_as=tango.ExtractAs.Bytes).value
    return name, bytes(data)


async def test_bytes_and_format_are_read(lab: Any) -> None:
    value = await lab.frame.get_value()
    assert isinstance(value, Encoded)
    assert (value.tolist(), value.dtype, value.format) == ([1, 2, 0], np.uint8, "RAW")
    assert await lab.coding.get_value() == "RAW"
    key = (await lab.frame.describe())["lab-frame"]
    assert (key["dtype"], key["shape"], key["dtype_numpy"]) == ("array", [3], "|u1")
    assert (await lab.coding.describe())["lab-coding"]["dtype"] == "string"


async def test_what_was_read_is_written_back_as_it_was(lab: Any, proxy: Any) -> None:
    value = await lab.frame.get_value()
    proxy.write_attribute("encoded", ("OTHER", b"\x09"))
    await lab.frame.set(value)
    assert served(proxy) == ("RAW", b"\x01\x02\x00")
    assert (await lab.frame.locate())["setpoint"].format == "RAW"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Encoded(b"\x00\xff\x00", format="JPEG"), ("JPEG", b"\x00\xff\x00")),
        (Encoded(range(256), format="ALL"), ("ALL", bytes(range(256)))),
        (Encoded(b"", format="EMPTY"), ("EMPTY", b"")),
        ([3, 4], ("", b"\x03\x04")),
        (b"\x05\x00", ("", b"\x05\x00")),
        (np.array([6], np.uint8), ("", b"\x06")),
    ],
    ids=str,
)
async def test_a_format_is_written_where_one_is_given(lab: Any, proxy: Any, value: Any, expected: Any) -> None:
    await lab.frame.set(value)
    assert served(proxy) == expected
    read = await lab.frame.get_value()
    assert (read.format, read.tobytes()) == expected


@pytest.mark.parametrize("value", [[256], [-1], [0.5], "text", [[1], [2]]], ids=str)
async def test_what_are_no_bytes_is_not_sent(lab: Any, proxy: Any, value: Any) -> None:
    with pytest.raises(BadValueError):
        await lab.frame.set(value)
    assert served(proxy) == ("RAW", b"\x01\x02\x00")


async def test_the_format_alone_is_not_written(lab: Any, proxy: Any) -> None:
    with pytest.raises(BadValueError, match="written with the bytes"):
        await lab.coding.set("JPEG")
    assert served(proxy) == ("RAW", b"\x01\x02\x00")


async def test_a_change_of_the_format_alone_is_an_update(lab: Any, proxy: Any) -> None:
    seen: list[Any] = []

    def note(reading: dict[str, Any]) -> None:
        seen.append(reading["lab-frame"]["value"])

    lab.frame.subscribe(note)
    await until(lambda: seen, TIMEOUT_S)
    await asyncio.to_thread(proxy.write_attribute, "encoded", ("RGB", b"\x01\x02\x00"))
    await until(lambda: seen[-1].format == "RGB", TIMEOUT_S)
    await asyncio.to_thread(proxy.write_attribute, "encoded", ("RGB", b"\x01\x02"))
    await until(lambda: seen[-1].tolist() == [1, 2], TIMEOUT_S)
    lab.frame.clear_sub(note)


async def test_commands_take_and_return_both(lab: Any) -> None:
    returned = await lab.echo.execute(Encoded(b"\x01\x00", format="RAW"))
    assert (returned.format, returned.tobytes()) == ("RAW", b"\x01\x00")
    assert await lab.coding_of.execute(Encoded(b"\x01", format="JPEG")) == "JPEG"
    filled = await lab.EchoState.execute("ON")
    assert filled == "ON"


async def test_other_declarations_are_refused(server: TangoServer, proxy: Any, tmp_path: Path) -> None:
    beamline = loaded(tmp_path, server, WRONG)
    try:
        report = await beamline.aconnect(TIMEOUT_S)
        found = {one.signal: (one.code, one.found) for one in report.devices[1].problems}
        assert found == {
            f"other.{name}": ("E620", "uint8[any] (DevEncoded)") for name in ("number", "wide", "texts", "image")
        }
        assert "`dtype: str` for the name of their format" in report.devices[1].problems[0].help
        with pytest.raises(MismatchError):
            await beamline.other.number.get_value()
    finally:
        await beamline.aclose()


def test_documents_hold_both_from_one_read(server: TangoServer, proxy: Any, tmp_path: Path, RE: Any) -> None:
    beamline = loaded(tmp_path, server)
    try:
        beamline.connect(TIMEOUT_S).or_raise()
        events: list[Any] = []
        RE(bp.count([beamline.lab], 2), lambda name, document: events.append(document) if name == "event" else None)
        for event in events:
            assert (event["data"]["lab-frame"].tolist(), event["data"]["lab-coding"]) == ([1, 2, 0], "RAW")
            assert len(set(event["timestamps"].values())) == 1
        copied = pickle.loads(pickle.dumps(events[0]["data"]["lab-frame"]))
        assert (type(copied), copied.tolist()) == (np.ndarray, [1, 2, 0])
        RE(bps.mv(beamline.lab.frame, Encoded(b"\x07", format="NEW")))
        assert served(proxy) == ("NEW", b"\x07")
    finally:
        beamline.close()


def test_the_examples_hold() -> None:
    assert doctest.testmod(encoded) == (0, 1)
