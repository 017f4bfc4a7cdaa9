"""The types `epics.scaler` and `epics.scaler_named` on scaler records, over Channel Access and pvAccess.

What the device says is compared with what a raw client of the other protocol sees.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import bluesky.plans as bp
import pytest
from bluesky import RunEngine
from bluesky.protocols import Triggerable
from event_model import DocumentNames, schema_validators

from ophyd_decl import load_beamline
from ophyd_decl.errors import SignalError
from tests.cancelled import NextStart
from tests.servers.motors import OTHER, RAW, RawMotor
from tests.servers.scalers import Scalers, scalers

pytestmark = pytest.mark.usefixtures("closed_channels")
#: Longer than any wait for what must come, on a machine that stands still for a while.
LIMIT_S = 30.0


@pytest.fixture(scope="module")
def server() -> Iterator[Scalers]:
    with scalers("SCALER:") as made:
        yield made


@pytest.fixture(params=["ca", "pva"])
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def raw(protocol: str, server: Scalers) -> AsyncIterator[RawMotor]:
    async with RAW[OTHER[protocol]](server.take()) as client:
        yield client


def beamline_of(devices: str, protocol: str, folder: Path) -> Any:
    file = folder / "i99.yaml"
    file.write_text(
        f"api: ophyd_decl/v1\nkind: beamline\nname: i99\ndefaults: {{protocol: {protocol}}}\ndevices:\n{devices}\n"
    )
    return load_beamline(file)


def numbered(name: str, keys: str = "n: 4") -> str:
    return f'  c: {{type: epics.scaler, prefix: "{name}", {keys}}}'


def named(name: str, *names: str) -> str:
    """Return a scaler whose channels from the second on have these names."""
    numbers = ", ".join(f"{name}: {number}" for number, name in enumerate(names, 2))
    return f'  c: {{type: epics.scaler_named, prefix: "{name}", names: {{{numbers}}}}}'


@pytest.fixture
async def scaler(raw: RawMotor, protocol: str, tmp_path: Path) -> AsyncIterator[Any]:
    beamline = beamline_of(numbered(raw.name), protocol, tmp_path)
    try:
        report = await beamline.aconnect(timeout=LIMIT_S)
        report.or_raise()
        assert not [problem for device in report.devices for problem in device.problems]
        yield beamline.c
    finally:
        await beamline.aclose()


def course(raw: RawMotor) -> list[int]:
    """Return what CNT was, without what was posted more than once."""
    return [value for value, _ in itertools.groupby(raw.values("CNT"))]


async def test_a_trigger_counts_for_the_preset_time(scaler: Any, raw: RawMotor) -> None:
    assert isinstance(scaler, Triggerable)
    await scaler.preset_time.set(0.3)
    await raw.watch("CNT")
    await scaler.trigger()
    await raw.until(lambda: course(raw) == [1, 0])
    reading = await scaler.read()
    assert {key: entry["value"] for key, entry in reading.items()} == {
        "c-time": 0.3, "c-channel-1-counts": 3_000_000, "c-channel-2-counts": 600, "c-channel-3-counts": 900,
        "c-channel-4-counts": 1200,
    }  # fmt: skip
    assert await raw.numbers("S1", "S2", "T") == [3_000_000, 600, 0.3]


async def test_what_is_held_since_it_was_staged_is_what_was_counted(scaler: Any) -> None:
    await scaler.preset_time.set(0.05)
    await scaler.stage()
    for seconds in (0.05, 0.1, 0.05, 0.1):
        await scaler.preset_time.set(seconds)
        await scaler.trigger()
        assert (await scaler.read())["c-channel-2-counts"]["value"] == round(seconds * 2000)
    await scaler.unstage()


async def test_another_preset_ends_the_counting(scaler: Any, raw: RawMotor) -> None:
    await scaler.preset_time.set(60.0)
    await scaler.channel[3].preset.set(300)
    assert await scaler.channel[3].gate.get_value(cached=False) == "Yes"
    await scaler.trigger()
    assert await raw.numbers("S3", "T") == [300, pytest.approx(0.1)]
    assert await scaler.time.get_value(cached=False) == pytest.approx(0.1)


async def test_the_names_of_the_record_are_in_its_configuration_also_double_and_empty_ones(
    scaler: Any, raw: RawMotor
) -> None:
    await raw.put("NM2", "diode 2")
    configuration = await scaler.read_configuration()
    names = [configuration[f"c-channel-{number}-label"]["value"] for number in range(1, 5)]
    assert names == ["clock", "diode 2", "It", "It"]
    await raw.put("NM2", "")
    assert (await scaler.read_configuration())["c-channel-2-label"]["value"] == ""
    assert len(await scaler.read()) == 5


async def test_somebody_who_ends_the_counting_ends_the_trigger(scaler: Any, raw: RawMotor) -> None:
    await scaler.preset_time.set(600.0)
    await raw.watch("CNT")
    status = scaler.trigger()
    await raw.until(lambda: 1 in raw.values("CNT"))
    await raw.put("CNT", 0, wait=False)
    async with asyncio.timeout(LIMIT_S):
        await status
    assert 0 < await scaler.time.get_value(cached=False) < 600


@pytest.mark.parametrize("way", ["cancel", "unstage"])
async def test_a_trigger_that_nobody_waits_for_any_more_ends_the_counting(scaler: Any, raw: RawMotor, way: str) -> None:
    await scaler.preset_time.set(600.0)
    await scaler.stage()
    await raw.watch("CNT")
    status = scaler.trigger()
    await raw.until(lambda: 1 in raw.values("CNT"))
    if way == "cancel":
        status.task.cancel()
    await scaler.unstage()
    await asyncio.wait([status.task])
    await raw.until(lambda: course(raw) == [1, 0])
    assert scaler._context.binding.idle
    assert await raw.get("CNT") == 0


async def test_a_trigger_cancelled_at_any_await_leaves_it_at_rest(
    scaler: Any, raw: RawMotor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scaler.preset_time.set(0.05)
    binding = scaler._context.binding
    following = NextStart(binding, monkeypatch)
    cancelled = 0
    while True:
        following.cancel_at(cancelled + 1)
        status = scaler.trigger()
        await asyncio.wait([status.task])
        assert binding.idle
        if not status.task.cancelled():
            assert status.success
            break
        async with asyncio.timeout(LIMIT_S):
            while await raw.get("CNT"):
                pass
        cancelled += 1
    assert cancelled >= 2


async def test_a_counting_that_is_late_is_an_error_and_is_ended(raw: RawMotor, protocol: str, tmp_path: Path) -> None:
    await raw.put("TP", 600)
    beamline = beamline_of(
        numbered(raw.name, "n: 1, overrides: {logic.triggerable: {timeout: 1.0}}"), protocol, tmp_path
    )
    try:
        (await beamline.aconnect(timeout=LIMIT_S)).or_raise()
        with pytest.raises(SignalError, match=r"it was ended") as caught:
            await beamline.c.trigger()
        assert isinstance(caught.value, TimeoutError)
        assert await raw.get("CNT") == 0
    finally:
        await beamline.aclose()


async def test_counts_carry_the_names_of_the_record(raw: RawMotor, protocol: str, tmp_path: Path) -> None:
    await raw.put("NM4", "diode")
    beamline = beamline_of(named(raw.name, "I0", "It", "diode"), protocol, tmp_path)
    try:
        (await beamline.aconnect(timeout=LIMIT_S)).or_raise()
        await beamline.c.preset_time.set(0.1)
        await beamline.c.trigger()
        values = {key: entry["value"] for key, entry in (await beamline.c.read()).items()}
        assert values == {"c-time": 0.1, "I0": 200, "It": 300, "diode": 400}
        assert beamline.c.hints == {"fields": ["I0", "It", "diode"]}
        assert await beamline.c.channel["I0"].counts.get_value() == 200
    finally:
        await beamline.aclose()


@pytest.mark.parametrize("served", ["It", "", "diode"], ids=["double", "empty", "other"])
async def test_a_name_that_the_record_does_not_have_is_told_and_loses_nothing(
    raw: RawMotor, protocol: str, tmp_path: Path, served: str
) -> None:
    await raw.put("NM4", served)
    beamline = beamline_of(named(raw.name, "I0", "It", "Iref"), protocol, tmp_path)
    try:
        report = await beamline.aconnect(timeout=LIMIT_S)
        assert not report.ok
        (problem,) = [problem for device in report.devices for problem in device.problems]
        assert (problem.code, problem.signal) == ("E626", "c.channel.Iref.label")
        assert (problem.expected, problem.found) == ("Iref", served)
        await beamline.c.preset_time.set(0.1)
        await beamline.c.trigger()
        assert (await beamline.c.read())["Iref"]["value"] == 400
        await beamline.c.channel["Iref"].label.set("Iref")
        assert beamline.report.ok
        assert await raw.get("NM4") == "Iref"
    finally:
        await beamline.aclose()


def test_it_counts_in_plans(
    server: Scalers, protocol: str, tmp_path: Path, run_engine_factory: Callable[..., RunEngine]
) -> None:
    beamline = beamline_of(named(server.take(), "I0"), protocol, tmp_path)
    engine = run_engine_factory()
    documents: list[tuple[str, Any]] = []
    beamline.connect(timeout=LIMIT_S).or_raise()
    try:
        beamline.c.preset_time.put(0.1)
        engine(bp.count([beamline.c], 3), lambda name, document: documents.append((name, document)))
    finally:
        beamline.close()
    for name, document in documents:
        schema_validators[DocumentNames[name]].validate(document)
    (descriptor,) = [document for name, document in documents if name == "descriptor"]
    events = [document["data"] for name, document in documents if name == "event"]
    assert events == [{"c-time": 0.1, "I0": 200}] * 3
    assert descriptor["configuration"]["c"]["data"]["c-channel-I0-label"] == "I0"
    assert descriptor["data_keys"]["I0"]["dtype"] == "integer"
