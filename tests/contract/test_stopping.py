"""What ends something by the PV that has begun it: a server keeps a put that waits until that is completed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from tests.contract.labs import until
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

RECORDS = """
record(bo, "$(P)acquire") { field(ZNAM, "Done") field(ONAM, "Acquire") field(FLNK, "$(P)run") }
record(seq, "$(P)run") { field(DLY1, "2") field(DO1, "1") field(LNK1, "$(P)ended PP") }
record(ao, "$(P)ended") { field(VAL, "0") field(PINI, "YES") }
"""
TYPES = """\
api: ophyd_decl/v1
kind: types
namespace: lab
types:
  detector:
    params: {prefix: {type: str}}
    commands:
      start: {suffix: acquire, value: Acquire}
      halt: {suffix: acquire, value: Done}
    logic:
      triggerable: {use: start_and_wait, start: start, stop: halt, timeout: 20}
"""
FILE = """\
api: ophyd_decl/v1
kind: beamline
name: stopping
use: [types.yaml]
defaults: {protocol: PROTOCOL}
devices:
  detector: {type: lab.detector, prefix: "PREFIX"}
"""


@pytest.fixture
def ioc(ioc_factory: IocFactory) -> Ioc:
    return ioc_factory(RECORDS)


@pytest.fixture
async def detector(epics_protocol: str, ioc: Ioc, tmp_path: Path) -> AsyncIterator[Any]:
    (tmp_path / "types.yaml").write_text(TYPES)
    (tmp_path / "beamline.yaml").write_text(FILE.replace("PROTOCOL", epics_protocol).replace("PREFIX", ioc.prefix))
    beamline: Any = load_beamline(tmp_path)
    (await beamline.aconnect(timeout=10)).or_raise()
    yield beamline.detector
    await beamline.aclose()


async def test_an_acquisition_ends_at_once_by_the_pv_that_has_begun_it(detector: Any, ioc: Ioc) -> None:
    status = detector.trigger()
    await until(lambda: '"Acquire"' in ioc.command(f'dbgf "{ioc.pv("acquire")}"'))
    status.task.cancel()
    await asyncio.wait([status.task])
    assert '"Done"' in ioc.command(f'dbgf "{ioc.pv("acquire")}"')
    assert float(ioc.command(f'dbgf "{ioc.pv("ended")}"').split()[-1]) == 0.0
