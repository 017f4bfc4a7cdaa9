"""A put that waits until a server has described itself anew: it is held against what the server says then."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.errors import LimitError, MismatchError
from tests.contract.labs import until
from tests.faults.proxy import HiddenIoc

BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: waiting
defaults: {protocol: PROTOCOL}
devices:
  stage:
    type: group
    signals:
      number: {pv: "PREFIXnumber", dtype: float, access: rw, units: mm}
"""
DELAY_S = 0.5


@pytest.fixture(params=["ca", "pva"])
async def number(request: pytest.FixtureRequest, far_ioc: HiddenIoc, tmp_path: Path) -> AsyncIterator[Any]:
    text = BEAMLINE.replace("PROTOCOL", request.param).replace("PREFIX", far_ioc.pv(""))
    (tmp_path / "beamline.yaml").write_text(text)
    bl = load_beamline(tmp_path)
    report = await bl.aconnect()
    assert report.ok
    await until(lambda: is_watched(bl.stage.number))
    yield bl.stage.number
    far_ioc.proxy.reset()
    for field, value in (("number.EGU", "mm"), ("number.DRVH", 50), ("number", 1.5)):
        far_ioc.put(field, value)
    await bl.aclose()


def is_watched(signal: Any) -> bool:
    """Return whether a change of the metadata would be told."""
    link = signal._write_channel.link
    if signal.protocol == "ca":
        return link._watch is not None
    return link._keeper is not None and link._keeper.has_heard


@pytest.mark.parametrize(
    ("field", "value", "kind", "words"),
    [("number.EGU", "um", MismatchError, "units differ"), ("number.DRVH", 5, LimitError, "outside the limits")],
)
async def test_a_put_that_waits_is_held_against_the_new_description(
    number: Any, far_ioc: HiddenIoc, field: str, value: Any, kind: type[Exception], words: str
) -> None:
    channel = number._write_channel
    far_ioc.proxy.delay(DELAY_S, far_ioc.proxy.to_client)
    far_ioc.put(field, value)
    await until(lambda: channel.link.phase == "describing", 10)
    with pytest.raises(kind, match=words):
        await number.set(7.0)
    assert channel.generation == 2
    far_ioc.proxy.reset()
    assert await number.get_value() == 1.5


async def test_a_put_that_waits_is_sent_where_nothing_speaks_against_it(number: Any, far_ioc: HiddenIoc) -> None:
    channel = number._write_channel
    far_ioc.proxy.delay(DELAY_S, far_ioc.proxy.to_client)
    far_ioc.put("number.DRVH", 40)
    await until(lambda: channel.link.phase == "describing", 10)
    await asyncio.wait_for(number.set(7.0), 15)
    assert channel.generation == 2
    far_ioc.proxy.reset()
    assert await number.get_value() == 7.0
