"""The types `epics.slit` and `epics.dcm` on motor records, over Channel Access and pvAccess."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky import RunEngine
from event_model import DocumentNames, schema_validators

from ophyd_decl import load_beamline
from ophyd_decl.errors import BusyError, LimitError, MismatchError, MoveFailedError, MoveTimeoutError, StoppedError
from ophyd_decl.logic import coupled
from tests.cancelled import NextStart
from tests.contract.labs import until
from tests.servers.motors import OTHER, RAW, Motors, motors

pytestmark = pytest.mark.usefixtures("closed_channels")
PAUSE, GO = 1, 3
#: Longer than any wait for what must come, on a machine that stands still for a while.
LIMIT_S = 30.0


@pytest.fixture(scope="module")
def server() -> Iterator[Motors]:
    with motors("SLIT:") as made:
        yield made


@pytest.fixture(params=["ca", "pva"])
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


class Blades:
    """The motor records of a pair of blades, and raw clients of them."""

    def __init__(self, low: Any, high: Any) -> None:
        self.low, self.high = low, high

    async def where(self) -> tuple[float, float]:
        """Return what both are told to be; where they stand is the same, or the test fails."""
        told = [await blade.numbers("VAL", "RBV", "DMOV") for blade in (self.low, self.high)]
        for setpoint, readback, done in told:
            assert done == 1
            assert readback == pytest.approx(setpoint, abs=0.0011)
        return told[0][0], told[1][0]

    async def put(self, field: str, value: Any) -> None:
        await self.low.put(field, value)
        await self.high.put(field, value)


@pytest.fixture
async def blades(server: Motors, protocol: str) -> AsyncIterator[Blades]:
    raw = RAW[OTHER[protocol]]
    async with raw(server.take()) as low, raw(server.take()) as high:
        yield Blades(low, high)


def beamline_of(devices: str, protocol: str, folder: Path) -> Any:
    file = folder / "i99.yaml"
    file.write_text(
        f"api: ophyd_decl/v1\nkind: beamline\nname: i99\ndefaults: {{protocol: {protocol}}}\ndevices:\n{devices}\n"
    )
    return load_beamline(file)


def pair_of(low: str, high: str, keys: str = "") -> str:
    return f'  s: {{type: epics.slit_pair, low_prefix: "{low}", high_prefix: "{high}"{keys}}}'


@pytest.fixture
async def pair(blades: Blades, protocol: str, tmp_path: Path) -> AsyncIterator[Any]:
    beamline = beamline_of(pair_of(blades.low.name, blades.high.name), protocol, tmp_path)
    try:
        (await beamline.aconnect(timeout=LIMIT_S)).or_raise()
        yield beamline.s
    finally:
        await beamline.aclose()


async def begin(axis: Any, blades: Blades, target: float, **options: Any) -> Any:
    """Set, and return the status when both blades move."""
    for blade in (blades.low, blades.high):
        await blade.watch("MOVN")
    status = axis.set(target, **options)
    for blade in (blades.low, blades.high):
        await blade.until(lambda blade=blade: 1 in blade.values("MOVN") or status.done)
    assert not status.done, status.exception()
    return status


async def test_a_gap_opens_about_its_centre(pair: Any, blades: Blades) -> None:
    await pair.centre.set(0.2)
    await pair.gap.set(0.6)
    assert await blades.where() == pytest.approx((-0.1, 0.5))
    assert await pair.gap.get_value() == pytest.approx(0.6, abs=0.003)
    assert await pair.centre.locate() == pytest.approx({"setpoint": 0.2, "readback": 0.2}, abs=0.003)


async def test_of_gap_and_centre_that_are_set_at_once_none_is_lost(pair: Any, blades: Blades) -> None:
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(pair.gap.set(0.6), pair.centre.set(0.2))
        assert await blades.where() == pytest.approx((-0.1, 0.5))
        await asyncio.gather(pair.centre.set(-0.1), pair.gap.set(0.4))
    assert await blades.where() == pytest.approx((-0.3, 0.1))


async def test_a_second_set_of_the_same_axis_is_refused(pair: Any, blades: Blades) -> None:
    first = await begin(pair.gap, blades, 20.0)
    with pytest.raises(BusyError, match="another set is moving it"):
        await pair.gap.set(1.0)
    with pytest.raises(BusyError, match=r"s\.low"):
        await pair.low.set(0.0)
    assert not first.done
    await pair.gap.stop()
    assert isinstance(first.exception(), StoppedError)


@pytest.mark.parametrize("success", [True, False])
async def test_a_stop_stands_both_blades_still(pair: Any, blades: Blades, success: bool) -> None:
    status = await begin(pair.gap, blades, 40.0)
    await pair.gap.stop(success)
    assert status.done
    assert (status.exception() is None) == success
    low, high = await blades.where()
    assert -20.0 < low <= 0.0 <= high < 20.0


async def test_a_set_that_waits_is_refused_when_the_one_before_it_was_stopped(pair: Any, blades: Blades) -> None:
    first = await begin(pair.gap, blades, 40.0)
    waiting = pair.centre.set(1.0)
    await until(lambda: len(coupled._lines[pair.low]) == 2 or waiting.done)
    await pair.gap.stop()
    with pytest.raises(
        MoveFailedError, match=r"s\.gap, which moves the same axes, did not get there; nothing was moved to 1\.0"
    ):
        async with asyncio.timeout(LIMIT_S):
            await waiting
    assert isinstance(first.exception(), StoppedError)
    low, high = await blades.where()
    assert low == pytest.approx(-high, abs=4)  # they were not told to stop at the same moment


async def test_a_move_that_is_late_is_stopped(pair: Any, blades: Blades) -> None:
    with pytest.raises(MoveTimeoutError, match=r"s\.(low|high)"):
        await pair.gap.set(40.0, timeout=0.5)
    low, high = await blades.where()
    assert -20.0 < low <= 0.0 <= high < 20.0


async def test_nothing_moves_if_one_blade_would_be_refused(pair: Any, blades: Blades) -> None:
    await pair.gap.set(0.4)
    for axis, value in ((pair.gap, 60.0), (pair.centre, 24.9), (pair.centre, -24.9)):
        with pytest.raises(
            LimitError, match=r"s\.(low|high).*\[-25\.0, 25\.0\].*which s\.\w+\.value needs for"
        ) as caught:
            await axis.set(value)
        assert f"{value} mm" in str(caught.value)
        with pytest.raises(LimitError):
            await axis.check_value(value)
    assert await blades.where() == pytest.approx((-0.2, 0.2))


async def test_what_is_asked_for_behind_another_is_checked_at_its_turn(pair: Any, blades: Blades) -> None:
    await blades.put("VMAX", 0)
    await blades.put("VELO", 100)
    await pair.gap.set(40.0)
    with pytest.raises(LimitError):  # at that gap a blade would be at 44.5
        await pair.centre.set(24.5)
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(pair.gap.set(0.4), pair.centre.set(24.5))
    assert await blades.where() == pytest.approx((24.3, 24.7))
    gap, centre = pair.gap.set(0.2), pair.centre.set(24.95)
    async with asyncio.timeout(LIMIT_S):
        await gap
        with pytest.raises(LimitError, match=r"s\.high.*which s\.centre\.value needs for 24\.95 mm"):
            await centre
    assert await blades.where() == pytest.approx((24.4, 24.6))
    with pytest.raises(LimitError, match="outside the limits"):
        await pair.centre.check_value(24.95)


async def test_a_blade_that_fails_stops_the_other_and_is_named(pair: Any, blades: Blades) -> None:
    await blades.high.put(":HighSwitch", 0.2)
    with pytest.raises(MoveFailedError, match=r"s\.high .*the high limit switch"):
        await pair.gap.set(40.0)
    low, high = await blades.where()
    assert -20.0 < low < 0.0
    assert high == pytest.approx(0.2)


async def test_a_set_cancelled_at_any_await_leaves_both_blades_at_rest(
    pair: Any, blades: Blades, monkeypatch: pytest.MonkeyPatch
) -> None:
    await blades.put("VELO", 10)
    await blades.put("ACCL", 0.01)
    binding = pair.gap._context.binding
    following = NextStart(binding, monkeypatch)
    cancelled = 0
    while True:
        following.cancel_at(cancelled + 1)
        status = pair.gap.set(0.4 if cancelled % 2 else 0.0)
        await asyncio.wait([status.task])
        await blades.where()
        assert binding.idle
        if not status.task.cancelled():
            assert status.success
            break
        cancelled += 1
    assert cancelled >= following.made[-1].waits >= 3
    await pair.gap.set(0.2)
    assert await pair.gap.get_value() == pytest.approx(0.2, abs=0.003)


@pytest.mark.parametrize("unit", ["um", ""])
async def test_blades_in_another_unit_are_one_clear_error_each(
    blades: Blades, protocol: str, tmp_path: Path, unit: str
) -> None:
    await blades.low.put("EGU", unit)
    beamline = beamline_of(pair_of(blades.low.name, blades.high.name), protocol, tmp_path)
    try:
        report = await beamline.aconnect(timeout=LIMIT_S)
        assert not report.ok
        with pytest.raises(MismatchError, match="unit"):
            await beamline.s.gap.set(1.0)
        with pytest.raises(MismatchError, match="unit"):
            await beamline.s.low.set(1.0)
        assert await blades.where() == (0.0, 0.0)
    finally:
        await beamline.aclose()


class Documents:
    """Documents of a run, each valid by event-model."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.keys: dict[str, Any] = {}

    def __call__(self, name: str, document: dict[str, Any]) -> None:
        """Take one."""
        schema_validators[DocumentNames[name]].validate(document)
        if name == "descriptor":
            self.keys = document["data_keys"]
        if name == "event":
            self.events.append(document["data"])


def scan(engine: RunEngine, beamline: Any, plan: Callable[[], Any]) -> Documents:
    documents = Documents()
    beamline.connect(timeout=LIMIT_S).or_raise()
    try:
        engine(plan(), documents)
    finally:
        beamline.close()
    return documents


def test_scans_of_gap_and_centre(
    server: Motors, protocol: str, tmp_path: Path, run_engine_factory: Callable[..., RunEngine]
) -> None:
    devices = '  s: {type: epics.slit, bottom: "%s", top: "%s", inboard: "%s", outboard: "%s"}'
    beamline = beamline_of(devices % tuple(server.take() for _ in range(4)), protocol, tmp_path)
    vertical = beamline.s.vertical

    def plan() -> Any:
        yield from bps.mv(vertical.gap, 0.4, vertical.centre, 0.1)
        yield from bp.grid_scan([beamline.s], vertical.gap, 0.2, 0.4, 2, vertical.centre, -0.1, 0.1, 2)

    documents = scan(run_engine_factory(), beamline, plan)
    expected = [(0.2, -0.1), (0.2, 0.1), (0.4, -0.1), (0.4, 0.1)]
    for event, (gap, centre) in zip(documents.events, expected, strict=True):
        assert event["s-vertical-gap"] == pytest.approx(gap, abs=0.003)
        assert event["s-vertical-centre"] == pytest.approx(centre, abs=0.003)
        # Both are of the readbacks that stand in the same event.
        assert event["s-vertical-high"] - event["s-vertical-low"] == pytest.approx(event["s-vertical-gap"], abs=1e-12)
        assert event["s-vertical-high"] + event["s-vertical-low"] == pytest.approx(
            2 * event["s-vertical-centre"], abs=1e-12
        )
    assert documents.keys["s-vertical-gap"]["units"] == "mm"


@pytest.fixture
async def mono_records(server: Motors, protocol: str) -> tuple[str, str]:
    names = server.take(), server.take()
    async with RAW[OTHER[protocol]](names[0]) as bragg:
        await bragg.put("EGU", "deg")
        await bragg.put("DHLM", 80)
        await bragg.put("VMAX", 0)
        await bragg.put("VELO", 100)
    async with RAW[OTHER[protocol]](names[1]) as perp:
        await perp.put("VMAX", 0)
        await perp.put("VELO", 100)
    return names


def mono_of(names: tuple[str, str], keys: str = "") -> str:
    return (
        f'  dcm: {{type: epics.dcm_fixed_exit, bragg_prefix: "{names[0]}", perp_prefix: "{names[1]}", beam_offset: 25'
        f"{keys}}}"
    )


async def test_an_energy_moves_both_axes_of_a_mono(
    mono_records: tuple[str, str], protocol: str, tmp_path: Path
) -> None:
    beamline = beamline_of(mono_of(mono_records, ", overrides: {energy: {limits: [2.1, 24]}}"), protocol, tmp_path)
    try:
        (await beamline.aconnect(timeout=LIMIT_S)).or_raise()
        await beamline.dcm.set(12.0)
        theta = math.asin(12.39841984 / (2 * 3.13560115 * 12.0))
        assert await beamline.dcm.bragg.get_value() == pytest.approx(math.degrees(theta), abs=0.0011)
        assert await beamline.dcm.perp.get_value() == pytest.approx(12.5 / math.cos(theta), abs=0.0011)
        assert await beamline.dcm.get_value() == pytest.approx(12.0, abs=0.002)
        assert await beamline.dcm.offset.get_value() == pytest.approx(25.0, abs=0.003)
        with pytest.raises(LimitError, match=r"1\.9 keV is outside the limits \[2\.1, 24\] keV of the file"):
            await beamline.dcm.set(1.9)
        before = await beamline.dcm.bragg.get_value()
        with pytest.raises(LimitError, match=r"dcm\.perp.*\[-25\.0, 25\.0\].*dcm\.energy needs for 2\.2 keV"):
            await beamline.dcm.set(2.2)  # Bragg would go to 64 deg, but 28 mm are beyond perp
        assert await beamline.dcm.bragg.setpoint_signal.get_value() == pytest.approx(before, abs=0.0011)
    finally:
        await beamline.aclose()


def test_a_scan_of_the_energy(
    mono_records: tuple[str, str], protocol: str, tmp_path: Path, run_engine_factory: Callable[..., RunEngine]
) -> None:
    beamline = beamline_of(mono_of(mono_records), protocol, tmp_path)
    documents = scan(run_engine_factory(), beamline, lambda: bp.scan([beamline.dcm], beamline.dcm, 8, 10, 3))
    assert [event["dcm"] for event in documents.events] == pytest.approx([8, 9, 10], abs=0.002)
    for event in documents.events:
        energy = 12.39841984 / (2 * 3.13560115 * math.sin(math.radians(event["dcm-bragg"])))
        assert event["dcm"] == pytest.approx(energy, rel=1e-12)
    assert documents.keys["dcm"]["units"] == "keV"
