"""Devices of plain classes, looked at by their own verbs; those of ophyd and ophyd-async are in `conformance`."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.errors import ReadError, WriteError
from ophyd_decl.session.hosted_member import HostedMember, hosted_member
from ophyd_decl.vocab.datatypes import Datatype
from tests.contract.labs import until

TEXT = """\
api: ophyd_decl/v1
kind: beamline
name: lab
python_allow: ["tests.unit.session.plain_device.*"]
devices:
  plain: {type: python, class: "tests.unit.session.plain_device:Plain"}
  mute: {type: python, class: "tests.unit.session.plain_device:Mute"}
  x: {type: signal, soft: 1.0, dtype: float, access: rw}
"""


@pytest.fixture
async def bl(tmp_path: Path) -> AsyncIterator[Any]:
    (tmp_path / "beamline.yaml").write_text(TEXT)
    beamline = load_beamline(tmp_path)
    await beamline.aconnect()
    yield beamline
    await beamline.aclose()


@pytest.fixture
def plain(bl: Any) -> HostedMember:
    (place,) = bl._find("plain")
    return hosted_member(place, "plain")


def test_a_native_node_stays_what_it_is(bl: Any) -> None:
    assert hosted_member(bl.x, "x") is bl.x


async def test_it_stands_for_itself_and_is_read(plain: HostedMember) -> None:
    assert plain.signals() == [plain]
    assert (plain.path, plain.name, plain.can_be_set) == ("plain", "plain", True)
    assert await plain.read() == {"plain": {"value": 0.0, "timestamp": 1.0}}
    assert (await plain.describe())["plain"]["units"] == "mm"
    assert await plain.datatype() == (Datatype("float"), ())


async def test_it_is_set_and_its_status_is_waited_for(plain: HostedMember) -> None:
    await plain.set(3.0)
    assert await plain.get_value() == 3.0
    with pytest.raises(WriteError, match=r"plain: RuntimeError: stuck .*beamline\.yaml:6:3"):
        await plain.set(5.0)
    with pytest.raises(WriteError, match="plain: ValueError: below 0"):
        await plain.check_value(-1.0)


async def test_it_is_stopped_at_the_time_out_and_when_the_wait_is_cancelled(bl: Any, plain: HostedMember) -> None:
    with pytest.raises(WriteError, match=r"it did not end within 0\.05 s; it was stopped"):
        await plain.set(9.0, timeout=0.05)
    assert bl.plain.stops == [False]
    task = asyncio.ensure_future(plain.set(9.0))
    await until(lambda: bl.plain.wanted == [9.0, 9.0])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bl.plain.stops == [False, False]


async def test_what_it_cannot_do_is_an_error_that_names_it(bl: Any, plain: HostedMember) -> None:
    with pytest.raises(ReadError, match="plain: it cannot be watched"):
        plain.subscribe(print)
    mute = hosted_member(bl._find("mute")[0], "mute")
    assert not mute.can_be_set
    with pytest.raises(ReadError, match="mute: a Mute has no `read`"):
        await mute.read()
