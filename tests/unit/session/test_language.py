"""What the language says beside signals, from YAML to a connected beamline: on a real server."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.check import plugins
from ophyd_decl.connectors.soft import SoftConnector
from ophyd_decl.errors import AbsentError
from ophyd_decl.flyscan.paths import UuidPaths
from ophyd_decl.spec import ENTRY_POINT_GROUP
from tests.servers.ioc import Ioc

TYPES = """
api: ophyd_decl/v1
kind: types
namespace: own
types:
  readable:
    abstract: true
    params: {prefix: {type: str}}
    signals:
      counts: {suffix: longout, dtype: int, access: rw, format: hinted, expect: 3}
  labelled:
    extends: own.readable
    signals:
      text: {suffix: stringout, dtype: str, access: r, expect: {ref: copy}}
      copy: {suffix: stringout, dtype: str, access: r, connector: pva}
  doubled:
    params: {source: {type: ref, to: signal}}
    derived:
      value: {dtype: int, inputs: {x: source}, get: 2 * x, format: hinted}
  pair:
    extends: own.labelled
    children:
      twice: {type: own.doubled, source: {ref: counts}, name: double, labels: [computed], doc: twice the counts}
      more:
        repeat: {var: n, over: [1, 2], name: "more${{ n }}"}
        type: own.doubled
        source: {ref: counts}
        format: none
"""
BEAMLINE = """
api: ophyd_decl/v1
kind: beamline
name: own
use: [types.yaml]
services:
  paths: {{type: path.uuid, root: /data}}
devices:
  pair: {{type: own.pair, prefix: "{prefix}", labels: [counters]}}
  other: {{type: own.labelled, prefix: "{prefix}", overrides: {{counts: {{expect: 4}}}}}}
  elsewhere: {{type: own.doubled, source: {{ref: pair.counts}}}}
  ring:
    type: tango.device
    trl: "tango://127.0.0.1:1/sr/d-ct/1#dbase=no"
    signals: {{current: {{attr: Current, dtype: float, units: mA}}}}
    commands: {{ramp: {{cmd: Ramp, arg: float, returns: int}}}}
    connect: optional
  hosted: {{type: python, class: "ophyd_decl_nowhere:Device", args: {{prefix: A}}, connect: optional}}
  through: {{type: signal, pv: ANY, dtype: float, access: rw, connector: {{use: wrapped, delay: 0.5}}}}
python_allow: ["ophyd_decl_nowhere.*"]
"""
PLUGIN = """
from ophyd_decl.connectors.soft import SoftConnector
from ophyd_decl.spec import Options, PluginSpec

class Wrapped(Options):
    delay: float = 0.0

wrapped = PluginSpec("wrapped", "connector", Wrapped, "wrapping_connector:make")

class WrappedConnector(SoftConnector):
    pass

made = []

def make(delay):
    made.append(delay)
    return WrappedConnector("ca")
"""


@pytest.fixture
def wrapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A connector that another distribution brings."""
    info = tmp_path / "site" / "wrapping_connector-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wrapping-connector\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\nwrapped = wrapping_connector:wrapped\n")
    (info.parent / "wrapping_connector.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(info.parent))
    plugins.installed.cache_clear()
    yield
    plugins.installed.cache_clear()
    sys.modules.pop("wrapping_connector", None)


@pytest.fixture
def beamline(tmp_path: Path, ioc: Ioc, wrapped: None) -> Any:
    (tmp_path / "types.yaml").write_text(TYPES)
    (tmp_path / "beamline.yaml").write_text(BEAMLINE.format(prefix=ioc.pv("")))
    return load_beamline(tmp_path)


async def test_a_beamline_with_everything_connects(beamline: Any) -> None:
    bl = beamline
    report = await bl.aconnect()
    states = {device.name: (device.state, [problem.code for problem in device.problems]) for device in report.devices}
    assert states == {
        "pair": ("connected", []),
        "other": ("mismatch", ["E626"]),
        "elsewhere": ("connected", []),
        "ring": ("absent", ["E610"] * 2),
        "hosted": ("absent", ["E504"]),
        "through": ("connected", []),
    }
    assert [device.name for device in report.devices if not device.ok] == ["other"]
    (problem,) = report.devices[1].problems
    assert (problem.signal, problem.expected, problem.found) == ("other.counts", 4, 3)
    for doubled in (bl.pair.twice, bl.pair.more1, bl.pair.more2, bl.elsewhere):
        assert await doubled.value.get_value() == 6
    assert list(await bl.pair.read()) == ["pair-counts", "double-value"]
    assert bl.pair.copy.source.startswith("pva://")
    assert (bl.find("label:computed"), bl.find("label:counters")) == ([bl.pair.twice], [bl.pair])
    with pytest.raises(AbsentError, match="no server listens at"):
        await bl.ring.ramp.execute(1.0)
    with pytest.raises(AbsentError, match="hosted"):
        await bl.hosted.read()
    await bl.aclose()


async def test_types_are_classes(beamline: Any) -> None:
    from ophyd_decl.types import own

    assert isinstance(beamline.pair, own.pair)
    assert isinstance(beamline.pair, own.labelled)
    assert isinstance(beamline.pair, own.readable)
    assert not isinstance(beamline.other, own.pair)


async def test_a_service_is_there(beamline: Any) -> None:
    assert isinstance(beamline.paths, UuidPaths)
    assert beamline["paths"] is beamline.paths
    assert beamline.paths().folder == "/data"


async def test_a_plugin_serves_an_address(beamline: Any) -> None:
    bl = beamline
    await bl.aconnect(only="through")
    connector = bl.through.open()
    assert isinstance(connector, SoftConnector)
    assert type(connector).__name__ == "WrappedConnector"
    assert sys.modules["wrapping_connector"].made == [0.5]
    await bl.through.set(1.5)
    assert await bl.through.get_value() == 1.5
    assert bl.through.source == "ca://ANY"
    await bl.aclose()


async def test_only_takes_what_is_referred_to(beamline: Any) -> None:
    await beamline.aconnect(only="elsewhere")
    opened = [name for name, device in beamline.devices.items() if device._context.opened]
    assert opened == ["pair", "elsewhere"]
    await beamline.aclose()


async def test_it_works_without_any_server(beamline: Any) -> None:
    bl = beamline
    assert (await bl.aconnect(mock=True)).ok
    assert bl.ring.current.source == "mock+tango://127.0.0.1:1/sr/d-ct/1/Current#dbase=no"
    assert await bl.ring.ramp.execute(1.0) == 0
    assert await bl.pair.read()
    await bl.aclose()
    assert "wrapping_connector" not in sys.modules or not sys.modules["wrapping_connector"].made
