"""`validate` reports what is wrong in every profile, chosen or not."""

from pathlib import Path

from ophyd_decl.compile import compile_paths

FILE = """
api: ophyd_decl/v1
kind: beamline
name: b
vars: {bl: BL}
devices:
  x: {type: epics.motor, prefix: "${{ bl }}:X"}
profiles:
  good: {vars: {bl: OTHER}, devices: {x: {connect: optional}}}
  bad: {vars: {bl: OTHER}, devices: {x: {conect: optional}}}
  wrong: {vars: {bl: OTHER}, devices: {x: {overrides: {user_setpoin: {limits: [0, 1]}}}}}
  worse: {defaults: {connect: mok}}
"""


def test_each_profile_is_compiled(tmp_path: Path) -> None:
    (tmp_path / "beamline.yaml").write_text(FILE)
    found = compile_paths([tmp_path]).diagnostics
    assert [(one.code, one.place.line) for one in found] == [("E110", 10), ("E402", 11), ("E122", 12)]
    assert [note.message for note in found[1].notes][-1] == "with the profile `wrong`"
    assert found[0].help == "did you mean `connect`?"


def test_a_chosen_profile_is_checked_alone(tmp_path: Path) -> None:
    (tmp_path / "beamline.yaml").write_text(FILE)
    assert not compile_paths([tmp_path], profile="good").diagnostics


def test_a_blank_around_an_address_is_a_mistake(tmp_path: Path) -> None:
    text = FILE.partition("profiles:")[0].replace('${{ bl }}:X"', 'BL:X "') + (
        '  y: {type: signal, pv: " BL:Y", dtype: int}\n  z: {type: signal, pv: "${{ bl }}:Z ", dtype: int}\n'
    )
    (tmp_path / "beamline.yaml").write_text(text)
    found = compile_paths([tmp_path]).diagnostics
    assert [(one.code, one.place.line) for one in found] == [("E121", 7), ("E121", 8), ("E121", 9)]
    assert all("blank" in one.summary for one in found)
