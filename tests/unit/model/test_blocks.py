"""Tables of keys: every key is described, and what the table says is what is checked."""

import pytest

from ophyd_decl.errors.codes import codes
from ophyd_decl.model.blocks import Block
from ophyd_decl.model.commands import COMMAND
from ophyd_decl.model.derived import DERIVED
from ophyd_decl.model.files import BEAMLINE_FILE, DEFAULTS, TYPES_FILE
from ophyd_decl.model.kinds import FAILED, Spot
from ophyd_decl.model.params import PARAM
from ophyd_decl.model.signals import SIGNAL
from ophyd_decl.model.types import CHILD_KEYS, DEVICE_KEYS, GROUP, TYPE, VECTOR_KEYS
from ophyd_decl.source import Findings

from .trees import OWNER, messages, places, tree

BLOCKS = [
    SIGNAL, COMMAND, DERIVED, PARAM, TYPE, GROUP, TYPES_FILE, BEAMLINE_FILE, DEFAULTS,
    Block("a child", CHILD_KEYS), Block("a vector", VECTOR_KEYS), Block("a device", DEVICE_KEYS),
]  # fmt: skip


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_every_key_is_described_and_has_a_schema(block: Block) -> None:
    schema = block.schema()
    assert schema["additionalProperties"] is False
    for name, key in block.keys.items():
        assert key.doc
        assert not key.doc.endswith(".")
        assert isinstance(schema["properties"][name], dict)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_every_key_refuses_a_value_that_fits_nothing(block: Block) -> None:
    root = tree("{v: {3: [{4: 5}]}}")
    for name, key in block.keys.items():
        findings = Findings()
        result = key.kind.read(root["v"], Spot(root, "v", findings))
        free = type(key.kind).__name__ in ("Anything", "Tree")
        assert (result is FAILED) != free, name
        assert {d.code for d in findings.sorted()} <= set(codes())
        messages(findings)


def test_unknown_reserved_missing_and_free_keys() -> None:
    findings = Findings()
    mapping = tree("{x-note: [1], dtpe: int, hold: 3, pv: A}")
    values = SIGNAL.read(mapping, findings, OWNER)
    assert list(values) == ["pv"]
    assert places(findings) == [("E110", 15), ("E112", 26)]
