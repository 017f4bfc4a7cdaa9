"""The labs of the contract suite."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from tests.contract.labs import RECORDS, EpicsLab, Lab, RemoteLab, SoftLab, TangoLab
from tests.servers.fixtures import IocFactory, TangoFactory
from tests.servers.ioc import Ioc
from tests.servers.tango_server import TangoServer

PROTOCOLS = ("soft", "ca", "pva", "tango")


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def lab_ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(RECORDS)


@pytest.fixture(scope="module")
def lab_tango(tango_client: None, module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory()


@pytest.fixture
async def lab(protocol: str, lab_ioc: Ioc, lab_tango: TangoServer) -> AsyncIterator[Lab]:
    """Return a lab whose server stays."""
    made: Lab
    if protocol == "soft":
        made = SoftLab()
    elif protocol == "tango":
        made = TangoLab(lab_tango)
    else:
        made = EpicsLab(protocol, lab_ioc)
    async with made:
        yield made


@pytest.fixture(params=PROTOCOLS[1:])
def remote_protocol(request: pytest.FixtureRequest) -> str:
    """Return a protocol whose server is another process."""
    return request.param


@pytest.fixture(params=("ca", "pva"))
def epics_protocol(request: pytest.FixtureRequest) -> str:
    """Return a protocol that searches names, and that has access rights."""
    return request.param


@pytest.fixture
async def mortal_lab(protocol: str, own_lab: Callable[[str], RemoteLab]) -> AsyncIterator[Lab]:
    """Return a lab whose server may be killed and started again."""
    async with SoftLab() if protocol == "soft" else own_lab(protocol) as made:
        yield made


@pytest.fixture
async def remote_lab(remote_protocol: str, own_lab: Callable[[str], RemoteLab]) -> AsyncIterator[RemoteLab]:
    """Return a lab whose server may also hang."""
    async with own_lab(remote_protocol) as made:
        yield made


@pytest.fixture
async def epics_lab(epics_protocol: str, own_lab: Callable[[str], RemoteLab]) -> AsyncIterator[RemoteLab]:
    """Return a lab with records."""
    async with own_lab(epics_protocol) as made:
        yield made


@pytest.fixture
def own_lab(
    tango_client: None, ioc_factory: IocFactory, tango_factory: TangoFactory, tmp_path: Path
) -> Callable[[str], RemoteLab]:
    """Return a function that makes a lab with a server of its own."""

    def make(protocol: str) -> RemoteLab:
        if protocol == "tango":
            return TangoLab(tango_factory())
        return EpicsLab(protocol, *_own_ioc(ioc_factory, tmp_path))

    return make


def _own_ioc(ioc_factory: IocFactory, folder: Path) -> tuple[Ioc, Path]:
    database = folder / "records.db"
    database.write_text(RECORDS.read_text())
    return ioc_factory(database), database


#: What a device of a lab has.
SIGNALS = {
    "number": "dtype: float, access: rw",
    "count": "dtype: int, access: rw",
    "text": "dtype: str",
    "spectrum": "dtype: float64, shape: [null], access: rw",
    "axis": "dtype: float, access: rw",
    "arrived": "dtype: float",
    "nothing": "dtype: float, optional: true, timeout: {connect: 1, read: 1}",
}


def beamline_of(lab: RemoteLab) -> str:
    """Return a beamline with a device of what is in a lab."""
    tango = lab.protocol == "tango"
    lines = ["api: ophyd_decl/v1", "kind: beamline", "name: contract", "devices:", "  lab:"]
    if tango:
        lines += ["    type: tango.device", f'    trl: "{lab.address("number").replace("/number", "")}"']
    else:
        lines += ["    type: group", f"    protocol: {lab.protocol}"]
    key = "attr" if tango else "pv"
    names = [name for name in SIGNALS if not (tango and name in ("axis", "arrived"))]
    lines.append("    signals:")
    lines += [f'      {name}: {{{key}: "{name if tango else lab.address(name)}", {SIGNALS[name]}}}' for name in names]
    return "\n".join(lines) + "\n"


@pytest.fixture
async def lab_device(
    remote_protocol: str, own_lab: Callable[[str], RemoteLab], tmp_path: Path
) -> AsyncIterator[tuple[RemoteLab, Any]]:
    """Return a lab and a device of what is in it."""
    lab = own_lab(remote_protocol)
    (tmp_path / "beamline.yaml").write_text(beamline_of(lab))
    beamline: Any = load_beamline(tmp_path)
    (await beamline.aconnect(timeout=20)).or_raise()
    yield lab, beamline.lab
    assert beamline.lab._context.binding.idle
    await beamline.aclose()
