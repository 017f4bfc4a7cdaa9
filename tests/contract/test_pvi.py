"""PVI devices on a real IOC: what is declared is found and compared, what is not is added where the file says so."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import bluesky.plans as bp
import pytest

from ophyd_decl import load_beamline
from ophyd_decl.devices.device import Vector
from ophyd_decl.errors import BadValueError, MismatchError
from ophyd_decl.plans import ensure_connected
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

RECORDS = Path(__file__).parents[1] / "servers" / "pvi.db"
FOLDER = Path(__file__).parent / "pvi"
TIMEOUT_S = 15.0


@pytest.fixture(scope="module")
def box_ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(RECORDS)


def loaded(folder: Path, ioc: Ioc, text: str = "") -> Any:
    """Return a beamline for the names of one server.

    :param text: of the beamline; empty: the one in the folder of this test.
    """
    text = text or (FOLDER / "beamline.yaml").read_text()
    (folder / "beamline.yaml").write_text(text.replace('"T:', f'"{ioc.prefix}'))
    (folder / "types.yaml").write_text((FOLDER / "types.yaml").read_text())
    return load_beamline(folder)


@pytest.fixture
async def beamline(box_ioc: Ioc, tmp_path: Path) -> AsyncIterator[Any]:
    made = loaded(tmp_path, box_ioc)
    yield made
    await made.aclose()


async def test_members_are_found_at_every_level(beamline: Any, box_ioc: Ioc) -> None:
    report = await beamline.aconnect(TIMEOUT_S)
    assert [str(problem) for device in report.devices for problem in device.problems] == []
    assert report.ok
    box, p = beamline.box, box_ioc.prefix
    sources = {
        "gain": "gain", "target": "target_rbv", "name_": "name", "direct": "level", "pcap.active": "pcap:active",
        "seq.1.repeats": "seq1:repeats", "ttl.2.level": "ttl2:level", "arm": "arm",
    }  # fmt: skip
    assert {path: beamline[f"box.{path}"].source for path in sources} == {
        path: f"pva://{p}{record}" for path, record in sources.items()
    }
    assert box.target.write_source == f"pva://{p}target"
    assert await beamline.plain.gain.get_value() == 2.5
    assert await box.seq[1].repeats.get_value() == 1


async def test_what_the_file_does_not_have_is_added_and_in_no_document(beamline: Any) -> None:
    box = beamline.box
    fixed = (box.hints, [name for name, _ in box.children()])
    assert not hasattr(box, "trace")
    report = await beamline.aconnect(TIMEOUT_S)
    assert report.ok
    assert (await box.trace.get_value()).tolist() == [0.5, 1.5]
    assert await box["mode"].get_value() == "High"
    assert await box.seq[2].repeats.get_value() == 2
    assert await box.out[2].get_value() == 2.25
    await box.out[1].set(4.5)
    assert await box.out[1].get_value() == 4.5
    assert isinstance(box.out, Vector)
    assert list(box.ttl) == list(box.seq) == [1, 2]
    assert beamline["box.resets"].source.endswith("resets")
    assert {box.hints["fields"][0], *await box.read()} == {"box-gain", "box-level"}
    assert set(await box.describe_configuration()) == {"box-seq-1-repeats"}
    assert (box.hints, [name for name, _ in box.children()][: len(fixed[1])]) == fixed
    assert not hasattr(beamline.plain, "trace")
    assert report.devices[0].connected == report.devices[0].signals == 19
    assert report.devices[1].signals == 3


async def test_a_vector_that_only_the_server_declares(box_ioc: Ioc, tmp_path: Path) -> None:
    text = (
        'api: ophyd_decl/v1\nkind: beamline\nname: b\ndevices: {bare: {type: pvi.device, pvi: "T:PVI", fill: true}}\n'
    )
    beamline = loaded(tmp_path, box_ioc, text)
    report = await beamline.aconnect(TIMEOUT_S)
    bare = beamline.bare
    assert report.ok
    assert await bare.ttl[2].level.get_value() in ("0", "1")
    assert [await item.repeats.get_value() for item in bare.seq.values()] == [1, 2]
    assert await bare.name_.get_value() == "box"
    assert bare.name == "bare"
    assert await bare.read() == {}
    await beamline.aclose()
    assert list(bare.children()) == []
    assert (await beamline.aconnect(TIMEOUT_S)).ok
    assert await bare.gain.get_value() == 2.5
    await beamline.aclose()


async def test_commands_write_a_label_or_a_number(beamline: Any) -> None:
    assert (await beamline.aconnect(TIMEOUT_S)).ok
    box = beamline.box
    armed = await box.armed.get_value()
    await box.arm.trigger()
    assert await box.armed.get_value(cached=False) == armed + 1
    await box.reset.trigger()
    assert await box.resets.get_value(cached=False) == 7


async def test_access_is_what_both_allow(beamline: Any) -> None:
    assert (await beamline.aconnect(TIMEOUT_S)).ok
    box = beamline.box
    await box.setting.set(9)
    await box.target.set(12)
    assert await box.target.get_value() == 12
    assert not hasattr(box.level, "set")
    await box.gain.set(3.5)
    assert await beamline.plain.gain.get_value() == 3.5
    await box.gain.set(2.5)


COMMANDS = """api: ophyd_decl/v1
kind: beamline
name: b
defaults: {protocol: ca}
devices:
  box:
    type: group
    signals: {armed: {pv: "T:armed", dtype: float}, resets: {pv: "T:resets", dtype: float}}
    commands:
      by_label: {pv: "T:arm", value: Arm}
      by_number: {pv: "T:arm"}
      number: {pv: "T:reset", value: 7}
      outside: {pv: "T:arm", value: 2}
      no_label: {pv: "T:arm", value: Amr}
      array: {pv: "T:trace"}
"""


@pytest.mark.parametrize("remote_protocol", ["ca", "pva"])
async def test_commands_of_any_device(box_ioc: Ioc, tmp_path: Path, remote_protocol: str) -> None:
    beamline = loaded(tmp_path, box_ioc, COMMANDS.replace("protocol: ca", f"protocol: {remote_protocol}"))
    try:
        report = await beamline.aconnect(TIMEOUT_S)
        assert {problem.signal: problem.code for problem in report.devices[0].problems} == {
            "box.no_label": "E620", "box.array": "E620",
        }  # fmt: skip
        box = beamline.box
        armed = await box.armed.get_value()
        await box.by_label.trigger()
        await box.by_number.trigger()
        assert await box.armed.get_value() == armed + 2
        await box.number.trigger()
        assert await box.resets.get_value() == 7
        for refused, error in ((box.outside, BadValueError), (box.no_label, MismatchError), (box.array, MismatchError)):
            with pytest.raises(error):
                await refused.trigger()
        assert await box.armed.get_value() == armed + 2
    finally:
        await beamline.aclose()


def test_a_scan_has_what_is_declared_and_nothing_that_is_added(box_ioc: Ioc, tmp_path: Path, RE: Any) -> None:
    beamline = loaded(tmp_path, box_ioc)
    try:
        documents: list[tuple[str, Any]] = []
        RE(ensure_connected(beamline.box, timeout=TIMEOUT_S))
        RE(bp.count([beamline.box], 2), lambda name, document: documents.append((name, document)))
        descriptors = [document for name, document in documents if name == "descriptor"]
        events = [document for name, document in documents if name == "event"]
        assert [list(document["data_keys"]) for document in descriptors] == [["box-gain", "box-level"]]
        assert descriptors[0]["data_keys"]["box-gain"]["source"] == f"pva://{box_ioc.prefix}gain"
        assert [event["data"] for event in events] == [{"box-gain": 2.5, "box-level": 1.5}] * 2
        assert beamline.box.trace.get().tolist() == [0.5, 1.5]
    finally:
        beamline.close()
