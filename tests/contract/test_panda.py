"""A device of the size of a PandABox: everything is filled, in as many round trips as it has levels."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.connectors.pva import PvaConnector
from ophyd_decl.devices.command import Command
from ophyd_decl.devices.node import walk
from ophyd_decl.devices.signal import WireSignal
from ophyd_decl.errors import SignalError
from tests.servers.panda import Panda

TEXT = """api: ophyd_decl/v1
kind: beamline
name: test
devices: {panda: {type: pvi.device, pvi: "PANDA:PVI", fill: true}}
"""
TYPES = """api: ophyd_decl/v1
kind: types
namespace: panda
types:
  seq:
    params: {pvi: {type: str}}
    signals:
      table:
        dtype: table
        columns: {repeats: uint16, trigger: str, position: int32, time1: uint32, outa1: uint8}
        access: rw
"""


@pytest.fixture(scope="module", params=[False, True], ids=["sound", "wrong"])
def panda(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panda]:
    server = Panda(tmp_path_factory.mktemp("panda"), wrong=request.param)
    server.start()
    yield server
    server.close()


async def test_everything_is_there(panda: Panda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    connect = PvaConnector.connect

    async def counted(self: Any, channels: Any, deadline: float) -> Any:
        batches.append(len(channels))
        return await connect(self, channels, deadline)

    monkeypatch.setattr(PvaConnector, "connect", counted)
    (tmp_path / "beamline.yaml").write_text(TEXT)
    beamline = load_beamline(tmp_path)
    wrong = panda.wrong
    try:
        started = time.monotonic()
        report = await beamline.aconnect(8.0 if wrong else 60.0)
        elapsed_s = time.monotonic() - started
        device = report.devices[0]
        print(f"{device.connected} of {device.signals} signals in {elapsed_s:.2f} s, batches {batches}")
        assert report.ok
        box: Any = beamline.panda
        leaves = [node for node in walk(box) if isinstance(node, WireSignal | Command)]
        assert 950 <= len(leaves) == device.signals <= 990
        assert await box.pulse[4].s1.get_value() == "BITA=0"
        await box.pulse[4].s0.set(3.5)
        assert await box.pulse[4].s0.get_value() == 3.5
        table = await box.seq[2].table.get_value()
        assert {name: column.tolist() if hasattr(column, "tolist") else column for name, column in table.items()} == {
            "repeats": [1], "trigger": ["Immediate"], "position": [-5], "time1": [100], "outa1": [1],
        }  # fmt: skip
        await box.seq[1].start.trigger()
        found = {problem.signal: (problem.code, problem.severity) for problem in device.problems}
        if not wrong:
            # structures of the first and of the second level, each asked for at once
            assert found == {}
            blocks = sum(max(count, 1) for count in (0, 2, 2, 8, 2, 2, 4, 8, 4, 0, 2, 2, 2, 4, 2, 2, 4, 0, 6, 10, 13))
            assert batches[:2] == [1, blocks]
            assert device.connected == device.signals
        else:
            expected = {
                "panda.scalar": "E620", "panda.lost": "E610", "panda.loop": "E632", "panda.absent": "E610",
                "panda.odd": "E620",
            }  # fmt: skip
            assert found == {path: (code, "warning") for path, code in expected.items()}
            assert device.signals - device.connected == 2
            with pytest.raises(SignalError):
                await box.odd.get_value()
            assert not hasattr(box, "unnamed")
    finally:
        await beamline.aclose()


async def test_a_table_of_other_columns_is_refused(panda: Panda, tmp_path: Path) -> None:
    text = TEXT.replace("name: test", "name: test\nuse: [types.yaml]").replace(
        "fill: true", "vectors: {seq: {type: panda.seq, keys: [1, 2]}}"
    )
    (tmp_path / "beamline.yaml").write_text(text)
    for types, code in ((TYPES, ""), (TYPES.replace("time1: uint32", "time1: int32"), "E620")):
        (tmp_path / "types.yaml").write_text(types)
        beamline = load_beamline(tmp_path)
        try:
            report = await beamline.aconnect(15.0)
            codes = {problem.code for problem in report.devices[0].problems}
            assert codes == ({code} if code else set())
            assert report.ok is not bool(code)
        finally:
            await beamline.aclose()
