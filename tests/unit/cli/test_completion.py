"""Completion in the shell: everything that a path can name, wherever its definition stands."""

from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from ophyd_decl.blueprint import BeamlineBlueprint, ChildShape, DeviceBlueprint, VectorShape
from ophyd_decl.cli import main
from ophyd_decl.cli.completion import labels, paths
from ophyd_decl.session.beamline import Beamline
from tests.unit.devices.shapes import HERE, shape, soft

TYPES = """
api: ophyd_decl/v1
kind: types
namespace: own
types:
  channel:
    params: {prefix: {type: str}}
    signals:
      value: {suffix: Value, dtype: int, access: r}
  det:
    params: {prefix: {type: str}}
    commands: {start: {suffix: Start}}
    children:
      first: {type: own.channel, prefix: "${{ prefix }}1:"}
    vectors:
      channel: {type: own.channel, keys: [1, 2], prefix: "${{ prefix }}${{ key }}:"}
"""
BEAMLINE = """
api: ophyd_decl/v1
kind: beamline
name: own
vars: {wanted: true}
use: [types.yaml]
devices:
  det: {type: own.det, prefix: "T:", labels: [detectors]}
  extra: {type: own.channel, prefix: "X:", when: "${{ wanted }}"}
"""


@pytest.fixture
def beamline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("types.yaml").write_text(TYPES)
    Path("beamline.yaml").write_text(BEAMLINE)
    return "beamline.yaml"


def complete(arguments: list[str], incomplete: str = "") -> list[str]:
    completion = BashComplete(main, {}, "ophyd-decl", "_OPHYD_DECL_COMPLETE")
    return [item.value for item in completion.get_completions(arguments, incomplete)]


def test_children_vectors_and_commands_are_completed(beamline: str) -> None:
    assert complete(["read", beamline]) == [
        "det",
        "det.start",
        "det.first",
        "det.first.value",
        "det.channel",
        "det.channel.1",
        "det.channel.1.value",
        "det.channel.2",
        "det.channel.2.value",
        "extra",
        "extra.value",
    ]
    assert complete(["read", beamline], "det.channel.2") == ["det.channel.2", "det.channel.2.value"]


def test_included_and_repeated_devices_are_completed(beamline: str) -> None:
    channel = (
        '{repeat: {var: n, over: [1, 2], name: "c${{ n }}"}, type: own.channel, prefix: "C${{ n }}:", labels: [in]}'
    )
    Path("part.yaml").write_text(f"api: ophyd_decl/v1\nkind: fragment\nuse: [types.yaml]\ndevices:\n  c: {channel}\n")
    Path(beamline).write_text(f"{BEAMLINE}include: [{{file: part.yaml, prefix: p_}}]\n")
    assert complete(["read", beamline], "p_") == ["p_c1", "p_c1.value", "p_c2", "p_c2.value"]
    assert complete(["connect", beamline, "--only"], "label:i") == ["label:in"]


def test_settings_of_the_line_count(beamline: str) -> None:
    assert complete(["read", "--set", "vars.wanted=false", beamline], "e") == []
    assert complete(["set", beamline], "e") == ["extra=", "extra.value="]


def test_a_selector_may_be_a_label(beamline: str) -> None:
    assert complete(["connect", beamline, "--only"], "label:") == ["label:detectors"]
    assert complete(["connect", beamline, "--only"], "det.f") == ["det.first", "det.first.value"]


def test_nothing_is_proposed_where_there_is_nothing_to_know(beamline: str) -> None:
    Path(beamline).write_text("devices: [")
    assert complete(["read", beamline]) == []
    assert complete(["connect", beamline, "--only"]) == []


def test_the_paths_are_those_that_the_nodes_show() -> None:
    item = shape("gauge", soft("p", 1.0))
    items = tuple(ChildShape(key, item, (), "child", HERE, labels=("b",)) for key in (1, "gauge.p1", 'say "p"'))
    vacuum = shape("vac", VectorShape("gauges", items, "child", HERE))
    device = DeviceBlueprint("vac", "vac", vacuum, {}, HERE, labels=("c", "a"))
    blueprint = BeamlineBlueprint("test", "test.yaml", (device,), ("vac",))
    assert list(paths(blueprint)) == [node.path for node in Beamline(blueprint).find("*")]
    assert labels(blueprint) == ["a", "b", "c"]
