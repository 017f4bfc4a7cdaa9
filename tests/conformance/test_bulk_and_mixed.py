"""What is claimed elsewhere for one client of both protocols, held to here: on real records, from YAML."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bluesky.plans as bp
import numpy as np
import pytest
from bluesky import RunEngine

from ophyd_decl import load_beamline, signal
from ophyd_decl.session.standalone import close_all
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

COUNT, SIZE = 50, 100
RECORDS = """
record(ao, "$(P)a") {
  field(VAL, "1.5") field(PINI, "YES") field(EGU, "mm") field(DRVL, "-9") field(DRVH, "9") field(FLNK, "$(P)b")
}
record(calc, "$(P)b") { field(INPA, "$(P)a") field(CALC, "A") field(PINI, "YES") }
record(calc, "$(P)ticking") { field(INPA, "$(P)ticking") field(CALC, "A+1") field(SCAN, ".1 second") }
""" + "".join(
    f'record(waveform, "$(P)w{n}") {{ field(FTVL, "DOUBLE") field(NELM, "{SIZE}") field(PINI, "YES")'
    f" field(INP, {{const: {[float(n)] * n}}}) }}\n"
    for n in range(1, COUNT + 1)
)
HEAD = """\
api: ophyd_decl/v1
kind: beamline
name: mixed
vars: {p: "T:"}
devices:
  both:
    type: group
    signals:
"""
SIGNALS = """\
      by_ca: {pv: "ca://${{ p }}a", dtype: float, access: rw, format: hinted}
      by_pva: {pv: "pva://${{ p }}a", dtype: float, access: rw, format: read}
      ticking: {pv: "pva://${{ p }}ticking", dtype: float}
      ticking_ca: {pv: "ca://${{ p }}ticking", dtype: float}
  followers:
    type: group
    signals:
      by_pva: {pv: "pva://${{ p }}b", dtype: float, format: read}
      by_ca: {pv: "ca://${{ p }}b", dtype: float, format: read}
"""


@pytest.fixture(scope="module")
def ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(RECORDS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    wave = '      wN: {pv: "SCHEME://${{ p }}wN", dtype: float64, shape: [null], format: read}\n'
    waves = "".join(
        wave.replace("N:", f"{n}:").replace('N"', f'{n}"').replace("SCHEME", ("ca", "pva")[n % 2])
        for n in range(1, COUNT + 1)
    )
    (tmp_path / "beamline.yaml").write_text(f"{HEAD}{SIGNALS}  waves:\n    type: group\n    signals:\n{waves}")
    return tmp_path


@pytest.fixture
def bl(file: Path, ioc: Ioc, RE: RunEngine) -> Iterator[Any]:
    beamline = load_beamline(file, set={"vars.p": ioc.prefix})
    beamline.connect(timeout=10).or_raise()
    yield beamline
    beamline.close()


def until(condition: Any) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("putter", ["both.by_ca", "both.by_pva", "ca://", "pva://"])
async def test_a_put_over_one_protocol_overtakes_what_is_held_over_the_other(file: Path, ioc: Ioc, putter: str) -> None:
    """Also one by a signal that is not of this beamline. What follows the record by FLNK is there before completion."""
    beamline = load_beamline(file, set={"vars.p": ioc.prefix})
    (await beamline.aconnect(timeout=10)).or_raise()
    alone = putter.endswith("://")
    moved = signal(f"{putter}{ioc.prefix}a", name="alone", dtype="float") if alone else beamline.find(putter)[0]
    devices = beamline.both, beamline.followers
    held = [one for device in devices for one in (device.by_ca, device.by_pva)]
    for device in devices:
        await device.stage()
    try:
        for number in range(100):
            wanted = number / 100
            await moved.set(wanted)
            assert [await one.get_value(cached=None) for one in held] == [wanted] * len(held), number
    finally:
        for device in devices:
            await device.unstage()
        await beamline.aclose()
        if alone:
            await asyncio.to_thread(close_all)


def test_both_protocols_in_one_device(bl: Any, RE: RunEngine) -> None:
    bl.both.by_ca.put(2.5)
    assert bl.both.by_pva.get() == 2.5
    bl.both.by_pva.put(3.5)
    events: list[Any] = []
    RE(bp.count([bl.both]), lambda name, doc: events.append(doc["data"]) if name == "event" else None)
    assert events == [{"both-by_ca": 3.5, "both-by_pva": 3.5}]


def test_synchronous_and_asynchronous_faces_of_one_channel(bl: Any) -> None:
    async def face() -> tuple[Any, Any]:
        await bl.both.by_ca.set(4.5)
        return await bl.both.by_ca.get_value(), await bl.both.by_pva.get_value()

    bl.both.by_ca.put(1.0)
    assert bl._binding.run(face, "face", "") == (4.5, 4.5)
    assert (bl.both.by_ca.get(), bl.both.by_pva.get()) == (4.5, 4.5)


def test_fifty_waveforms_in_one_read_each_as_long_as_it_is(bl: Any, RE: RunEngine) -> None:
    events: list[Any] = []
    RE(bp.count([bl.waves]), lambda name, doc: events.append(doc["data"]) if name == "event" else None)
    assert len(events[0]) == COUNT
    for number in range(1, COUNT + 1):
        value = np.asarray(events[0][f"waves-w{number}"])
        assert value.shape == (number,)
        assert np.all(value == number)


def test_connect_fetches_what_documents_need(bl: Any) -> None:
    for name in ("by_ca", "by_pva"):
        description = bl.both[name].channels[0].description
        assert (description.units, tuple(description.limits), description.shape) == ("mm", (-9.0, 9.0), ())
    assert [bl.waves[f"w{n}"].channels[0].description.shape for n in (1, 7, 50)] == [(1,), (7,), (50,)]


def test_devices_are_made_again_on_the_same_pvs(bl: Any, file: Path, ioc: Ioc) -> None:
    kept: list[Any] = []
    bl.both.ticking.subscribe(kept.append)
    bl.both.ticking_ca.subscribe(kept.append)
    for _ in range(3):
        again = load_beamline(file, set={"vars.p": ioc.prefix})
        again.connect(timeout=10).or_raise()
        seen: list[Any] = []
        again.both.ticking.subscribe(seen.append)
        again.both.ticking_ca.subscribe(seen.append)
        until(lambda seen=seen: len(seen) > 2)
        again.close()
        had = len(kept)
        until(lambda had=had: len(kept) > had + 2)


def test_the_process_ends_with_live_monitors_without_a_word(file: Path, ioc: Ioc) -> None:
    program = (
        "import sys, time\n"
        "from ophyd_decl import load_beamline\n"
        f"bl = load_beamline(sys.argv[1], set={{'vars.p': {ioc.prefix!r}}})\n"
        "bl.connect(timeout=10).or_raise()\n"
        "seen = []\n"
        "bl.both.ticking.subscribe(seen.append)\n"
        "bl.both.ticking_ca.subscribe(lambda *, value, **_: seen.append(value))\n"
        "while len(seen) < 6: time.sleep(0.01)\n"
        "print('done')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)],
        env=os.environ | ioc.client_environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
