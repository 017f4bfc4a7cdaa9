"""A PVI device lists and connects in mock, without a server and without any library of pvAccess."""

from pathlib import Path

from ophyd_decl import load_beamline

TYPES = """api: ophyd_decl/v1
kind: types
namespace: i99
types:
  counter:
    params: {pvi: {type: str}}
    signals:
      counts: {dtype: int, format: hinted}
    commands:
      start: {}
"""
BEAMLINE = """api: ophyd_decl/v1
kind: beamline
name: i99
use: [types.yaml]
devices:
  panda:
    type: pvi.device
    pvi: "BL99I-EA-PANDA-01:PVI"
    fill: true
    signals:
      armed: {dtype: bool, access: rw, format: read}
    vectors:
      counter: {type: i99.counter, keys: [1, 2]}
"""


async def test_it_connects_in_mock(tmp_path: Path) -> None:
    (tmp_path / "types.yaml").write_text(TYPES)
    (tmp_path / "beamline.yaml").write_text(BEAMLINE)
    beamline = load_beamline(tmp_path)
    try:
        (await beamline.aconnect(mock=True)).or_raise()
        panda = beamline.panda
        assert [type(item["value"]) for item in (await panda.read()).values()] == [bool, int, int]
        assert (await panda.describe())["panda-counter-2-counts"]["source"].startswith("mock+pvi://BL99I-EA-PANDA-01")
        await panda.armed.set(True)
        assert await panda.armed.get_value() is True
        assert list(panda.counter) == [1, 2]
        await panda.counter[1].start.trigger()
    finally:
        await beamline.aclose()
