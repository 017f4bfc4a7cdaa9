"""The design goal of ophyd-async: put two in parallel, then get a third, in one thread and with clean cancellation."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from tests.pace import turning
from tests.servers.fixtures import IocFactory

#: Two records whose processing takes 0.3 s and 0.2 s, with real completion, and one that counts.
DATABASE = """\
record(seq, "$(P)slow:go") { field(DLY1, "0.3") field(DOL1, "1") field(LNK1, "$(P)slow:end PP") }
record(ao, "$(P)slow") { field(FLNK, "$(P)slow:go") field(VAL, "0") field(UDF, "0") }
record(longout, "$(P)slow:end") { }
record(seq, "$(P)fast:go") { field(DLY1, "0.2") field(DOL1, "1") field(LNK1, "$(P)fast:end PP") }
record(ao, "$(P)fast") { field(FLNK, "$(P)fast:go") field(VAL, "0") field(UDF, "0") }
record(longout, "$(P)fast:end") { }
record(calc, "$(P)sum") { field(INPA, "$(P)slow CP") field(INPB, "$(P)fast CP") field(CALC, "A+B") field(PINI, "YES") }
"""
FILE = """\
api: ophyd_decl/v1
kind: beamline
name: three
vars: {prefix: "T:"}
defaults: {protocol: PROTOCOL}
devices:
  one: {type: signal, pv: "${{ prefix }}slow", dtype: float, access: rw}
  two: {type: signal, pv: "${{ prefix }}fast", dtype: float, access: rw}
  three: {type: signal, pv: "${{ prefix }}sum", dtype: float}
"""


@pytest.mark.parametrize("protocol", ["ca", "pva"])
async def test_put_two_in_parallel_then_get_a_third(protocol: str, ioc_factory: IocFactory, tmp_path: Path) -> None:
    ioc = ioc_factory(DATABASE)
    (tmp_path / "beamline.yaml").write_text(FILE.replace("PROTOCOL", protocol))
    bl: Any = load_beamline(tmp_path, set={"vars.prefix": ioc.pv("")})
    (await bl.aconnect(timeout=10)).or_raise()
    before = {thread for thread in threading.enumerate() if thread.name.startswith("ophyd_decl")}
    tasks = asyncio.all_tasks()
    started = time.monotonic()
    async with turning() as clock:
        await asyncio.gather(bl.one.set(1.5), bl.two.set(2.5))
        counted, elapsed = clock(), time.monotonic() - started
    value = await bl.three.get_value()
    assert value == 4.0
    assert elapsed > 0.29
    assert counted < 0.45, "the slowest of them, not their sum"
    assert {thread for thread in threading.enumerate() if thread.name.startswith("ophyd_decl")} == before == set()

    both = asyncio.gather(bl.one.set(2.0), bl.two.set(3.0))
    await asyncio.sleep(0.02)
    both.cancel()
    with pytest.raises(asyncio.CancelledError):
        await both
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == tasks
    assert bl._binding.idle
    await bl.aclose()
