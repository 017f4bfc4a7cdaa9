"""PVI structures that change: a server that comes back with another one, or comes late. Nothing is silently another."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl.errors import MismatchError, SignalError
from tests.contract.labs import until
from tests.contract.test_pvi import RECORDS, TIMEOUT_S, loaded
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

#: For a server that comes back, on a machine with much else to do, in s.
PATIENCE_S = 40.0
TEXT = """api: ophyd_decl/v1
kind: beamline
name: test
use: [types.yaml]
devices:
  box:
    type: pvi.device
    pvi: "T:PVI"
    fill: FILL
    signals:
      gain: {dtype: float, access: rw, format: hinted}
      level: {dtype: float}
      target: {dtype: int, access: rw}
    children:
      pcap: {type: box.pcap}
    vectors:
      seq: {type: box.seq, keys: [1, 2]}
"""


class Served:
    """An IOC whose structures can be changed before it is started again."""

    def __init__(self, ioc: Ioc, database: Path) -> None:
        self.ioc = ioc
        self._database = database

    def restart(self, *changes: tuple[str, str]) -> None:
        """Start again with the records as they are in `pvi.db`, but for some changes of the text."""
        text = RECORDS.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self._database.write_text(text)
        self.ioc.restart()


@pytest.fixture
def served(ioc_factory: IocFactory, tmp_path: Path) -> Served:
    database = tmp_path / "pvi.db"
    database.write_text(RECORDS.read_text())
    return Served(ioc_factory(database), database)


@pytest.fixture
async def beamline(served: Served, tmp_path: Path) -> AsyncIterator[Any]:
    made = loaded(tmp_path, served.ioc, TEXT.replace("FILL", "false"))
    assert (await made.aconnect(TIMEOUT_S)).ok
    yield made
    await made.aclose()


def codes(beamline: Any) -> dict[str, str]:
    """Return the codes of all problems, by signal."""
    return {problem.signal: problem.code for device in beamline.report.devices for problem in device.problems}


def state(beamline: Any) -> tuple[str, int, int]:
    """Return the state of the device, how many of its signals can be used, and how many it has."""
    report = beamline.report.devices[0]
    return report.state, report.connected, report.signals


SWAPPED = (
    ("value.gain.rw", "value.SWAP"),
    ("value.$(LEVEL=level).r", "value.gain.rw"),
    ("value.SWAP", "value.level.r"),
)


async def test_members_that_have_changed_places_are_refused_and_no_value_passes(beamline: Any, served: Served) -> None:
    """Both PVs are there again at once, each as what the other was."""
    gain, level = beamline.box.gain, beamline.box.level
    seen: list[Any] = []
    gain.subscribe(seen.append)
    await until(lambda: seen, TIMEOUT_S)
    assert await gain.get_value() == 2.5
    served.restart(*SWAPPED)
    await until(lambda: codes(beamline).get("box.gain") == "E633", PATIENCE_S)
    await until(lambda: codes(beamline) == {"box.gain": "E633", "box.level": "E633"}, PATIENCE_S)
    problem = next(one for one in beamline.report.devices[0].problems if one.signal == "box.gain")
    p = served.ioc.prefix
    assert (problem.expected, problem.found) == (f"a signal (rw) at {p}gain", f"a signal (rw) at {p}level")
    for use in (gain.get_value, level.get_value, gain.read, beamline.box.read):
        with pytest.raises(MismatchError, match="the PVI structure has changed"):
            await use()
    with pytest.raises(MismatchError):
        await gain.set(1.0)
    assert await beamline.box.target.get_value(cached=False) == 4
    assert {reading["box-gain"]["value"] for reading in seen} == {2.5}
    gain.clear_sub(seen.append)


async def test_it_can_be_used_again_when_the_old_structure_is_back(beamline: Any, served: Served) -> None:
    seen: list[Any] = []
    beamline.box.gain.subscribe(seen.append)
    await until(lambda: seen, TIMEOUT_S)
    served.restart(*SWAPPED)
    await until(lambda: codes(beamline) == {"box.gain": "E633", "box.level": "E633"}, PATIENCE_S)
    seen.clear()
    served.restart()
    await until(lambda: codes(beamline) == {}, PATIENCE_S)
    await until(lambda: seen, PATIENCE_S)
    beamline.box.gain.clear_sub(seen.append)
    assert await beamline.box.gain.get_value() == 2.5
    assert await beamline.box.level.get_value() == 1.5


async def test_it_is_where_the_new_structure_says_after_a_connect(beamline: Any, served: Served) -> None:
    p = served.ioc.prefix
    served.restart(("$(NAME=gain)", "strength"))
    await until(lambda: codes(beamline) == {"box.gain": "E633"}, PATIENCE_S)
    with pytest.raises(SignalError):
        await beamline.box.gain.get_value()
    assert (await beamline.aconnect(TIMEOUT_S)).ok
    assert await beamline.box.gain.get_value() == 2.5
    assert beamline.box.gain.source == f"pva://{p}strength"


async def test_a_member_that_is_gone(beamline: Any, served: Served) -> None:
    served.restart(("value.gain.rw", "value.other.rw"), ("seq[2].d", "seq[3].d"), ("value.pcap.d", "value.capture.d"))
    expected = {"box.gain": "E633", "box.seq.2": "E633", "box.pcap": "E633"}
    await until(lambda: codes(beamline) == expected, PATIENCE_S)
    for signal in (beamline.box.gain, beamline.box.seq[2].repeats, beamline.box.pcap.active):
        with pytest.raises(MismatchError, match="does not have it any more"):
            await signal.get_value()
    await until(lambda: state(beamline) == ("mismatch", 3, 6))  # what is below a vector comes back by itself
    await beamline.aconnect(TIMEOUT_S)
    assert codes(beamline) == dict.fromkeys(expected, "E630")
    served.restart()
    await until(lambda: codes(beamline) == {}, PATIENCE_S)  # nobody connects again
    assert await beamline.box.seq[2].repeats.get_value() == 2


async def test_what_is_held_stays_where_it_was(beamline: Any, served: Served) -> None:
    await beamline.box.stage()
    served.restart(("$(NAME=gain)", "strength"))
    await until(lambda: codes(beamline) == {"box.gain": "E633"}, PATIENCE_S)
    await beamline.aconnect(TIMEOUT_S)
    assert codes(beamline) == {"box.gain": "E633"}
    with pytest.raises(SignalError):
        await beamline.box.read()
    await beamline.box.unstage()
    assert (await beamline.aconnect(TIMEOUT_S)).ok
    assert await beamline.box.gain.get_value() == 2.5


async def test_added_members_follow_the_structure_at_the_next_connect(served: Served, tmp_path: Path) -> None:
    beamline = loaded(tmp_path, served.ioc, TEXT.replace("FILL", "true"))
    try:
        assert (await beamline.aconnect(TIMEOUT_S)).ok
        old = beamline.box.trace
        served.restart(("value.trace.r", "value.curve.r"))
        await until(lambda: codes(beamline) == {"box.trace": "E633"}, PATIENCE_S)
        assert beamline.report.ok
        with pytest.raises(MismatchError):
            await old.get_value()
        assert (await beamline.aconnect(TIMEOUT_S)).ok
        assert codes(beamline) == {}
        assert (await beamline.box.curve.get_value()).tolist() == [0.5, 1.5]
        assert not hasattr(beamline.box, "trace")
        with pytest.raises(SignalError):
            await old.get_value()
    finally:
        await beamline.aclose()


async def test_a_server_that_comes_late_makes_its_device_usable(served: Served, tmp_path: Path) -> None:
    served.ioc.kill()
    beamline = loaded(tmp_path, served.ioc, TEXT.replace("FILL", "true"))
    try:
        report = await beamline.aconnect(0.5)
        assert [device.state for device in report.devices] == ["absent"]
        with pytest.raises(SignalError):
            await beamline.box.gain.get_value()
        served.ioc.start()
        await until(lambda: beamline.report.ok, PATIENCE_S)
        assert await beamline.box.gain.get_value() == 2.5
        assert await beamline.box.seq[2].repeats.get_value() == 2
        await until(lambda: hasattr(beamline.box, "trace"), PATIENCE_S)
    finally:
        await beamline.aclose()


async def test_a_connect_that_is_cancelled_leaves_nothing_behind(served: Served, tmp_path: Path) -> None:
    served.ioc.kill()
    beamline = loaded(tmp_path, served.ioc, TEXT.replace("FILL", "true"))
    connecting = asyncio.ensure_future(beamline.aconnect(TIMEOUT_S))
    await until(lambda: beamline._structures._listings)
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    served.ioc.start()
    await until(lambda: beamline.report.ok, PATIENCE_S)
    await beamline.aclose()


async def test_a_structure_that_changes_while_its_server_runs(beamline: Any, served: Served) -> None:
    p = served.ioc.prefix
    assert await beamline.box.pcap.active.get_value() is False
    served.ioc.put("pcap:ref", f"{p}seq1:PVI")
    await until(lambda: codes(beamline) == {"box.pcap": "E633"}, PATIENCE_S)
    with pytest.raises(MismatchError, match="the PVI structure has changed"):
        await beamline.box.pcap.active.get_value()
    assert await beamline.box.gain.get_value() == 2.5
    served.ioc.put("pcap:ref", f"{p}pcap:PVI")
    await until(lambda: codes(beamline) == {}, PATIENCE_S)
    assert await beamline.box.pcap.active.get_value() is False


async def test_a_server_that_hangs_is_used_again_when_it_goes_on(beamline: Any, served: Served) -> None:
    with served.ioc.hung():
        await until(lambda: not beamline.report.ok, PATIENCE_S)
        with pytest.raises(SignalError):
            await beamline.box.gain.get_value()
    await until(lambda: beamline.report.ok, PATIENCE_S)
    assert codes(beamline) == {}
    assert await beamline.box.gain.get_value() == 2.5
