"""What is kept of a beamline that was loaded and forgotten: nothing that grows."""

import gc
from pathlib import Path

from ophyd_decl import load_beamline
from ophyd_decl.blueprint import Shape

BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: one
devices:
  m: {type: epics.motor, prefix: "BL:M"}
"""


def shapes() -> int:
    gc.collect()
    return sum(isinstance(one, Shape) for one in gc.get_objects())


def test_a_beamline_that_is_loaded_again_and_again_leaves_no_shapes_behind(tmp_path: Path) -> None:
    (tmp_path / "beamline.yaml").write_text(BEAMLINE)
    load_beamline(tmp_path)
    before = shapes()
    for _ in range(5):
        load_beamline(tmp_path)
    assert shapes() == before
