"""The schema of one beamline knows its types and its names."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from ophyd_decl.errors import DefinitionError
from ophyd_decl.model.files import API
from ophyd_decl.schema.beamline import beamline_schemas

TYPES = f"""\
api: {API}
kind: types
namespace: mine
types:
  pair:
    doc: Two axes that move together.
    params:
      first: {{type: ref, to: movable}}
      n: {{type: int, ge: 1, doc: how many}}
      mode: {{type: str, choices: [slow, fast], default: slow}}
      sizes: {{type: list, of: int, default: [1]}}
      files: {{type: options, of: path.uuid, default: null}}
"""
BEAMLINE = f"""\
api: {API}
kind: beamline
name: i99
use: [types.yaml]
devices:
  x: {{type: epics.motor, prefix: "X", labels: [motors]}}
  both: {{type: mine.pair, first: {{ref: x}}, n: 2}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "types.yaml").write_text(TYPES)
    (tmp_path / "beamline.yaml").write_text(BEAMLINE)
    return tmp_path


def errors(schema: dict[str, Any], name: str, **keys: Any) -> list[str]:
    data = {"api": API, "kind": "beamline", "name": "i99", name: keys}
    return [error.message for error in Draft7Validator(schema).iter_errors(data)]


def test_params_of_its_types_are_checked(folder: Path) -> None:
    schema = beamline_schemas(folder)["beamline"]
    sound = {"type": "mine.pair", "first": {"ref": "x"}, "n": 2}
    assert errors(schema, "devices", both=sound) == []
    assert errors(schema, "devices", both={**sound, "n": "${{ n }}"}) == []
    assert errors(schema, "devices", both={**sound, "files": {"root": "/data"}, "sizes": [1, 2]}) == []
    assert errors(schema, "devices", both={**sound, "files": {"roots": "/data"}}) != []
    assert errors(schema, "devices", both={**sound, "sizes": ["one"]}) != []
    for wrong in ({"n": 0}, {"n": "two"}, {"mode": "medium"}, {"m": 1}, {"first": "x"}, {"type": "other.pair"}):
        assert errors(schema, "devices", both={**sound, **wrong}) != [], wrong
    assert errors(schema, "devices", both={"type": "mine.pair", "n": 2}) != []


def test_references_begin_at_one_of_its_devices(folder: Path) -> None:
    schema = beamline_schemas(folder)["beamline"]

    def reference(path: str) -> list[str]:
        return errors(schema, "devices", both={"type": "mine.pair", "first": {"ref": path}, "n": 2})

    assert reference("x") == reference("x.user_readback") == []
    assert reference("y") != []
    assert reference("xx.user_readback") != []


def test_groups_name_devices_and_labels(folder: Path) -> None:
    schema = beamline_schemas(folder)["beamline"]
    assert errors(schema, "groups", all=["x", "label:motors", "x.velocity", "b*"]) == []
    assert errors(schema, "groups", all=["label:moters"]) != []
    assert errors(schema, "groups", all=["y"]) != []


def test_a_file_of_types_adds_its_types(folder: Path) -> None:
    schema = beamline_schemas(folder / "types.yaml")["beamline"]
    assert errors(schema, "devices", both={"type": "mine.pair", "first": {"ref": "other"}, "n": 2}) == []
    assert errors(schema, "devices", both={"type": "mine.pair", "m": 2}) != []
    assert errors(schema, "devices", both={"type": "other.pair", "m": 2}) == []


def test_wrong_files_give_no_schema(folder: Path) -> None:
    (folder / "types.yaml").write_text(TYPES.replace("params", "parms"))
    with pytest.raises(DefinitionError, match="parms"):
        beamline_schemas(folder)
