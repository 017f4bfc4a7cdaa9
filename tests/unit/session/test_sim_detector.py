"""The simulation detector of areaDetector as a shipped type: it validates, lists and connects in mock."""

import json
from pathlib import Path

from click.testing import CliRunner

from ophyd_decl import load_beamline
from ophyd_decl.blueprint import Reference
from ophyd_decl.cli import main
from ophyd_decl.compile import compile_beamline, compile_paths
from ophyd_decl.resolve import catalog

BEAMLINE = """api: ophyd_decl/v1
kind: beamline
name: i22
services: {paths: {type: path.uuid, root: "/data/i22", suffix: ".h5"}}
devices:
  cam: {type: ad.sim_detector, prefix: "BL22I-EA-CAM-01:", paths: {ref: paths}}
  other:
    {type: ad.sim_detector, prefix: "BL22I-EA-CAM-02:", driver_suffix: "CAM:", hdf_suffix: "HDF:", paths: {ref: paths}}
"""


def write(folder: Path) -> Path:
    (folder / "beamline.yaml").write_text(BEAMLINE)
    return folder


def test_the_file_is_right_by_itself() -> None:
    library = Path(catalog.__file__).parents[1] / "library"
    files = sorted(library.rglob("*.yaml"))
    assert len(files) >= 2
    assert compile_paths(files).diagnostics == ()


def test_the_port_chain_is_expected(tmp_path: Path) -> None:
    blueprint = compile_beamline(write(tmp_path)).blueprint
    assert blueprint is not None
    cam = blueprint.devices[0]
    assert cam.values["paths"] == Reference("beamline", ("paths",))
    _, hdf = cam.shape.members
    assert hdf.kind == "child"
    assert hdf.references == (("source", Reference("device", ("driver", "port_name"))),)
    (port,) = [member for member in hdf.shape.members if member.key == "array_port"]
    assert port.kind == "signal"
    assert port.expect == Reference("param", ("source",))


def test_it_is_listed(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["tree", "--format", "json", str(write(tmp_path))])
    assert answer.exit_code == 0, answer.output
    nodes = {node["path"]: node for node in json.loads(answer.stdout)["nodes"]}
    assert nodes["cam"]["type"] == "ad.sim_detector"
    assert nodes["cam.driver.acquire_time"]["source"] == "ca://BL22I-EA-CAM-01:cam1:AcquireTime_RBV"
    assert nodes["other.hdf.capture"]["source"] == "ca://BL22I-EA-CAM-02:HDF:Capture_RBV"
    assert nodes["cam.hdf.file_write_mode"]["choices"] == ["Single", "Capture", "Stream"]
    assert nodes["cam.driver.reset"]["kind"] == "command"


def test_it_connects_in_mock(tmp_path: Path) -> None:
    beamline = load_beamline(write(tmp_path))
    try:
        report = beamline.connect(mock=True, timeout=10)
        report.or_raise()
        assert beamline["cam.hdf.num_capture"].get() == 0
        beamline["cam.driver.image_mode"].put("Multiple")
        assert beamline["cam.driver.image_mode"].get() == "Multiple"
    finally:
        beamline.close()
