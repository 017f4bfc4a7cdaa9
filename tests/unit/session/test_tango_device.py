"""A Tango device in place, and a type with a TRL: they list and connect in mock without any Tango library."""

import json
from pathlib import Path

from click.testing import CliRunner

from ophyd_decl import load_beamline
from ophyd_decl.cli import main

TYPES = """api: ophyd_decl/v1
kind: types
namespace: t
types:
  supply:
    params: {trl: {type: str}, channel: {type: int, default: 1}}
    signals:
      current: {attr: "Current${{ channel }}", dtype: float, access: rw, units: A, events: change}
    commands:
      "on": {cmd: "On"}
  pair:
    params: {trl: {type: str}}
    children:
      one: {type: t.supply, trl: "${{ trl }}", channel: 1}
    vectors:
      many: {type: t.supply, keys: [2, 3], trl: "${{ trl }}", channel: "${{ key }}"}
"""
BEAMLINE = """api: ophyd_decl/v1
kind: beamline
name: i22
use: [types.yaml]
vars: {db: "sr-db:10000"}
devices:
  ring:
    type: tango.device
    trl: "tango://${{ db }}/sr/d-ct/1"
    fill: true
    signals:
      current: {attr: Current, dtype: float, units: mA, format: hinted, events: auto}
    commands:
      load: {cmd: Load, arg: {dtype: float64, shape: [null]}, returns: str}
  local: {type: t.pair, trl: "tango://pc:8888/a/b/c#dbase=no"}
  short: {type: t.supply, trl: a/b/c}
"""


def write(folder: Path) -> Path:
    (folder / "types.yaml").write_text(TYPES)
    (folder / "beamline.yaml").write_text(BEAMLINE)
    return folder


def test_addresses_are_joined_with_the_fragment_at_their_end(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["tree", "--format", "json", str(write(tmp_path))])
    assert answer.exit_code == 0, answer.output
    nodes = {node["path"]: node for node in json.loads(answer.stdout)["nodes"]}
    assert {path: node["source"] for path, node in nodes.items() if node["kind"] == "signal"} == {
        "ring.current": "tango://sr-db:10000/sr/d-ct/1/Current",
        "local.one.current": "tango://pc:8888/a/b/c/Current1#dbase=no",
        "local.many.2.current": "tango://pc:8888/a/b/c/Current2#dbase=no",
        "local.many.3.current": "tango://pc:8888/a/b/c/Current3#dbase=no",
        "short.current": "tango://a/b/c/Current1",
    }
    assert nodes["ring.load"]["kind"] == "command"
    assert nodes["ring"]["type"] == "tango.device"


def test_it_connects_in_mock(tmp_path: Path) -> None:
    beamline = load_beamline(write(tmp_path))
    try:
        beamline.connect(mock=True, timeout=10).or_raise()
        beamline["local.many.2.current"].put(1.5)
        assert beamline["local.many.2.current"].get() == 1.5
        assert beamline["ring.current"].get() == 0.0
    finally:
        beamline.close()
