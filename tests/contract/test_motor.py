"""The type `epics.motor` on motor records, over Channel Access and pvAccess.

What the device says is compared with what a raw client of the other protocol sees.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.errors import (
    BusyError,
    LimitError,
    MoveFailedError,
    MoveTimeoutError,
    ReadTimeoutError,
    StoppedError,
)
from tests.cancelled import NextStart
from tests.servers.motors import OTHER, RAW, Motors, RawMotor, motors

pytestmark = pytest.mark.usefixtures("closed_channels")
GO, MOVE, PAUSE, STOP = 3, 2, 1, 0


@pytest.fixture(scope="module")
def server() -> Iterator[Motors]:
    with motors("MOTOR:") as made:
        yield made


@pytest.fixture(params=["ca", "pva"])
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def raw(protocol: str, server: Motors) -> AsyncIterator[RawMotor]:
    async with RAW[OTHER[protocol]](server.take()) as client:
        yield client


@pytest.fixture
async def motor(protocol: str, raw: RawMotor, tmp_path: Path) -> AsyncIterator[Any]:
    async for device in made(raw, protocol, tmp_path):
        yield device


async def begin(motor: Any, raw: RawMotor, target: float, **options: Any) -> Any:
    """Set, and return the status when the axis moves; the raw client watches RBV, DMOV and MOVN."""
    await raw.watch("RBV", "DMOV", "MOVN")
    status = motor.set(target, **options)
    await raw.until(lambda: (1 in raw.values("MOVN") and len(raw.values("RBV")) > 2) or status.done)
    assert not status.done, status.exception()
    return status


async def test_a_move_ends_at_the_target_as_another_client_sees_it(motor: Any, raw: RawMotor) -> None:
    await raw.watch("RBV", "DMOV", "VAL")
    await motor.set(0.4)
    assert await raw.numbers("VAL", "RBV", "DMOV", "MOVN") == [0.4, 0.4, 1, 0]
    assert await motor.locate() == {"setpoint": 0.4, "readback": 0.4}
    assert await motor.done_moving.get_value()
    assert (await motor.read())["m"]["value"] == 0.4
    await raw.until(lambda: len(raw.values("DMOV")) == 2)
    assert raw.values("DMOV") == [0, 1]
    assert set(raw.values("VAL")) == {0.4}  # pvAccess may tell the first value twice


async def test_a_move_to_where_it_is_ends(motor: Any, raw: RawMotor) -> None:
    await raw.watch("DMOV")
    await motor.set(0.0)
    await raw.until(lambda: raw.values("DMOV") == [0, 1])


async def test_a_watcher_sees_what_another_client_sees(motor: Any, raw: RawMotor) -> None:
    await raw.watch("RBV")
    updates: list[Any] = []
    status = motor.set(0.5)
    status.watch(lambda **update: updates.append(update))
    await status
    shown = [update["current"] for update in updates]
    assert shown[0] == 0.0
    assert shown[-1] == 0.5
    assert len(shown) > 5
    await raw.until(lambda: raw.values("RBV")[-1:] == [0.5])
    assert set(shown) <= {0.0, *raw.values("RBV")}
    assert {(update["name"], update["target"], update["unit"], update["precision"]) for update in updates} == {
        ("m", 0.5, "mm", 3)
    }
    fractions = [update["fraction"] for update in updates]
    assert fractions == sorted(fractions, reverse=True)
    assert (fractions[0], fractions[-1]) == (1.0, 0.0)


@pytest.mark.parametrize("target", [25.5, -25.5])
async def test_a_target_beyond_the_limits_is_refused_before_it_is_sent(
    motor: Any, raw: RawMotor, target: float
) -> None:
    await raw.watch("VAL", "DMOV")
    with pytest.raises(LimitError, match=rf"{target} mm is outside the limits \[-25\.0, 25\.0\] mm of the server"):
        await motor.set(target)
    with pytest.raises(LimitError):
        await motor.check_value(target)
    assert raw.seen == []


async def test_a_target_that_the_record_refuses_is_an_error(motor: Any, raw: RawMotor, protocol: str) -> None:
    await raw.put("DHLM", 5)  # since the connection
    # pvAccess tells of new limits, so there it is not even sent.
    if protocol == "pva":
        await told_of_limits(motor, 7.0)
    told = r"refused 7\.0: .*LVIO" if protocol == "ca" else r"outside the limits \[-25\.0, 5\.0\] mm of the server"
    with pytest.raises(LimitError, match=told):
        await motor.set(7.0)
    assert await raw.numbers("VAL", "RBV", "LVIO", "DMOV") == [0, 0, protocol == "ca", 1]
    await motor.set(0.1)
    assert await raw.numbers("RBV", "LVIO") == [0.1, 0]


async def told_of_limits(motor: Any, beyond: float) -> None:
    """Return when the server has told that a target is outside."""
    async with asyncio.timeout(5):
        while True:
            try:
                await motor.check_value(beyond)
            except LimitError:
                return
            await asyncio.sleep(0.002)


async def test_it_can_be_described_while_the_server_tells_new_limits(motor: Any, raw: RawMotor) -> None:
    async def change() -> None:
        for number in range(60):
            await raw.put("DHLM", 5 + number % 2)

    changing = asyncio.ensure_future(change())
    described = 0
    while not changing.done():
        (await motor.describe(), await motor.user_readback.describe(), await motor.describe_configuration())
        described += 1
        await asyncio.sleep(0)
    await changing
    assert described > 10
    async with asyncio.timeout(5):
        while (await motor.user_setpoint.describe())["m-user_setpoint"]["limits"]["control"]["high"] != 6:  # noqa: ASYNC110  # the server tells it when it likes
            await asyncio.sleep(0.01)


async def test_limits_that_are_both_zero_are_none(raw: RawMotor, protocol: str, tmp_path: Path) -> None:
    for field, value in {"DHLM": 0, "DLLM": 0, "OFF": 3, "VELO": 1000, "ACCL": 0.01}.items():
        await raw.put(field, value)
    async for device in made(raw, protocol, tmp_path):
        await device.set(99.0)
        assert await raw.numbers("VAL", "RBV", "LVIO") == [99, 99, 0]


async def made(raw: RawMotor, protocol: str, folder: Path, keys: str = "") -> AsyncIterator[Any]:
    """Give a device that connects now."""
    file = folder / "now.yaml"
    device = f'{{type: epics.motor, prefix: "{raw.name}"{keys}}}'
    file.write_text(
        f"api: ophyd_decl/v1\nkind: beamline\nname: i99\ndefaults: {{protocol: {protocol}}}\ndevices: {{m: {device}}}\n"
    )
    beamline = load_beamline(file)
    try:
        (await beamline.aconnect(timeout=10)).or_raise()
        yield beamline.m
    finally:
        await beamline.aclose()


@pytest.mark.parametrize(("switch", "at", "target", "word"), [
    (":HighSwitch", 0.2, 3.0, "high"), (":LowSwitch", -0.2, -3.0, "low")
])  # fmt: skip
async def test_a_limit_switch_on_the_way_is_an_error(
    motor: Any, raw: RawMotor, switch: str, at: float, target: float, word: str
) -> None:
    await raw.put(switch, at)
    with pytest.raises(MoveFailedError, match=f"the {word} limit switch ended the move") as caught:
        await motor.set(target)
    assert (caught.value.expected, caught.value.found) == (f"{target} mm", f"{at} mm")
    assert await motor.get_value() == await raw.get("RBV") == at


async def test_a_record_that_runs_out_of_retries_is_an_error(motor: Any, raw: RawMotor) -> None:
    await raw.put(":Lost", 0.05)
    with pytest.raises(MoveFailedError, match=r"\(MISS\)"):
        await motor.set(0.2)
    await raw.put(":Lost", 0)
    await motor.set(0.1)


async def test_a_miss_without_retries_is_an_error(motor: Any, raw: RawMotor) -> None:
    await raw.put(":Lost", 0.05)
    await raw.put("RTRY", 0)
    with pytest.raises(MoveFailedError, match="not at the target"):
        await motor.set(0.2)


async def test_a_target_between_two_steps_is_reached(motor: Any, raw: RawMotor) -> None:
    await raw.put("MRES", 0.05)
    await raw.put("RDBD", 0.05)
    await motor.set(0.12)
    assert abs(await raw.get("RBV") - 0.1) < 1e-9


@pytest.mark.parametrize(("precision", "wait"), [(0, ""), (1, ""), (3, ""), (3, "false")])
async def test_a_refused_target_is_an_error_however_near_it_is(
    raw: RawMotor, protocol: str, tmp_path: Path, precision: int, wait: str
) -> None:
    await raw.put("PREC", precision)
    keys = f", overrides: {{user_setpoint: {{wait: {wait}}}}}" if wait else ""
    async for device in made(raw, protocol, tmp_path, keys):
        await raw.put("DHLM", 0.0005)
        with pytest.raises(LimitError, match=r"LVIO|outside the limits"):
            await device.set(0.001 if precision == 3 else 0.1, timeout=2)
        assert await raw.get("RBV") == 0


@pytest.mark.parametrize(("precision", "target"), [(0, 0.9), (1, 0.1)])
async def test_a_record_without_a_useful_precision_tells_what_ended_its_move(
    raw: RawMotor, protocol: str, tmp_path: Path, precision: int, target: float
) -> None:
    await raw.put("PREC", precision)
    async for device in made(raw, protocol, tmp_path):
        await raw.put(":HighSwitch", target / 2)
        with pytest.raises(MoveFailedError, match="high limit switch"):
            await device.set(target)
        await raw.put(":HighSwitch", 100)
        await device.set(0.0)
        await raw.put(":Lost", 0.05)
        with pytest.raises(MoveFailedError, match=r"\(MISS\)"):
            await device.set(target)
        await raw.put(":Lost", 0)
        await device.set(target)
        assert await raw.get("RBV") == target


async def test_what_the_file_allows_is_near_enough_also_for_a_switch(
    raw: RawMotor, protocol: str, tmp_path: Path
) -> None:
    async for device in made(raw, protocol, tmp_path, ", overrides: {logic.movable: {tolerance: 0.05}}"):
        await raw.put(":HighSwitch", 0.16)
        await device.set(0.2)
        with pytest.raises(MoveFailedError, match="high limit switch"):
            await device.set(0.3)


async def test_an_offset_is_followed(motor: Any, raw: RawMotor) -> None:
    await motor.offset.set(1.0)
    await motor.direction.set("Neg")
    await motor.set(1.2)
    assert [round(value, 6) for value in await raw.numbers("RBV", "DRBV")] == [1.2, -0.2]
    assert (await motor.read_configuration())["m-offset"]["value"] == 1.0


async def test_backlash_ends_at_the_target(motor: Any, raw: RawMotor) -> None:
    await motor.backlash_distance.set(0.1)
    await raw.watch("RBV")
    await motor.set(-0.1)
    assert await raw.get("RBV") == -0.1
    assert min(raw.values("RBV")) == -0.2


async def test_backlash_at_its_own_speed_does_not_end_the_time(
    motor: Any, raw: RawMotor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ophyd_decl.logic.motor_record.MARGIN_S", 0.05)
    for field, value in {"BDST": 0.1, "BVEL": 0.1, "ACCL": 0.001, "BACC": 0.001}.items():
        await raw.put(field, value)
    await motor.set(-0.1)
    assert await raw.get("RBV") == -0.1


@pytest.mark.parametrize("success", [True, False])
async def test_a_stop_ends_the_move_and_the_axis_stands(motor: Any, raw: RawMotor, success: bool) -> None:
    status = await begin(motor, raw, 20.0)
    async with asyncio.timeout(2):
        await motor.stop(success=success)
    done, moving, position = await raw.numbers("DMOV", "MOVN", "RBV")
    assert (done, moving) == (1, 0)
    assert 0 < position < 10
    if success:
        await status
    else:
        with pytest.raises(StoppedError, match="on the way to 20"):
            await status
    await motor.set(position)  # at once: nothing of the move is left
    assert await raw.get("RBV") == position


async def test_a_stop_at_rest_sends_nothing(motor: Any, raw: RawMotor) -> None:
    await motor.set(0.1)
    await raw.watch("STOP", "DMOV", "VAL")
    await motor.stop()
    assert await raw.numbers("VAL", "RBV", "DMOV") == [0.1, 0.1, 1]
    assert raw.values("STOP") == []


async def test_a_stop_ends_what_another_client_moves(motor: Any, raw: RawMotor) -> None:
    await raw.watch("MOVN")
    await raw.put("VAL", 20, wait=False)
    await raw.until(lambda: raw.values("MOVN") == [1])
    await motor.stop()
    assert await raw.numbers("DMOV", "MOVN") == [1, 0]


@pytest.mark.parametrize("lost", ["done_moving", "acceleration_time"])
async def test_a_motor_is_stopped_also_where_a_read_fails(
    motor: Any, raw: RawMotor, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    status = await begin(motor, raw, 20.0)
    signal = getattr(motor, lost)
    connector = signal.open()
    read = connector.read

    async def lose_one(requests: Any) -> Any:
        error = ReadTimeoutError("the server did not answer in time")
        return [error if one.channel is signal.read_channel else (await read([one]))[0] for one in requests]

    monkeypatch.setattr(connector, "read", lose_one)
    with pytest.raises(ReadTimeoutError) if lost == "done_moving" else nullcontext():
        await motor.stop(success=True)
    assert status.success is (lost != "done_moving")
    await raw.until(lambda: raw.values("MOVN")[-1] == 0)
    assert await raw.get("RBV") < 10


async def test_a_stop_by_another_client_is_an_error(motor: Any, raw: RawMotor) -> None:
    status = await begin(motor, raw, 20.0)
    await raw.put("STOP", 1, wait=False)
    with pytest.raises(MoveFailedError, match="somebody else stopped it"):
        await status


async def test_a_target_of_another_client_is_an_error(motor: Any, raw: RawMotor) -> None:
    status = await begin(motor, raw, 20.0)
    await raw.put("VAL", 0.1, wait=False)
    with pytest.raises(MoveFailedError, match="sent it elsewhere"):
        await status
    assert await raw.numbers("RBV", "DMOV") == [0.1, 1]


async def test_a_set_during_a_move_is_refused_and_the_move_goes_on(motor: Any, raw: RawMotor) -> None:
    status = await begin(motor, raw, 5.0)
    with pytest.raises(BusyError, match=r"the set to 0\.1 was not started"):
        await motor.set(0.1)
    await status
    assert await raw.numbers("VAL", "RBV") == [5.0, 5.0]


async def test_pause_holds_a_move_and_go_ends_it(motor: Any, raw: RawMotor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ophyd_decl.logic.motor_record.MARGIN_S", 0.5)
    monkeypatch.setattr("ophyd_decl.logic.motor_record.ASK_AGAIN_S", 0.1)
    status = await begin(motor, raw, 3.0)
    await motor.mode.set("Pause")
    await raw.until(lambda: raw.values("MOVN")[-1] == 0)
    await asyncio.sleep(2.5)  # beyond the time of the move, which does not count
    assert not status.done
    assert await raw.get("DMOV") == 0
    await raw.put("SPMG", GO, wait=False)
    await status
    assert await raw.numbers("RBV", "DMOV") == [3.0, 1]


async def test_a_pause_that_ends_within_the_time_of_the_move_does_not_count(
    motor: Any, raw: RawMotor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ophyd_decl.logic.motor_record.MARGIN_S", 1.5)  # so 3.2 s, of which the move needs 1.6 s
    monkeypatch.setattr("ophyd_decl.logic.motor_record.ASK_AGAIN_S", 0.1)
    status = await begin(motor, raw, 3.0)
    await motor.mode.set("Pause")
    await asyncio.sleep(2.2)
    await raw.put("SPMG", GO, wait=False)
    await status
    assert await raw.numbers("RBV", "DMOV") == [3.0, 1]


async def test_stop_of_spmg_is_an_error(motor: Any, raw: RawMotor) -> None:
    status = await begin(motor, raw, 20.0)
    await raw.put("SPMG", STOP, wait=False)
    with pytest.raises(MoveFailedError, match="SPMG, which is Stop"):
        await status


@pytest.mark.parametrize(("field", "value", "message"), [
    ("SPMG", STOP, "SPMG is Stop; nothing was sent"), ("SPMG", PAUSE, "SPMG is Pause; nothing was sent"),
    ("SET", 1, "SET is Set: .*nothing was sent"), ("VELO", 0, r"its velocity is 0\.0; nothing was sent"),
])  # fmt: skip
@pytest.mark.parametrize("timeout", [None, 5.0])
async def test_a_record_that_would_not_move_is_an_error_before_anything_is_sent(
    motor: Any, raw: RawMotor, field: str, value: int, message: str, timeout: float | None
) -> None:
    await raw.put(field, value)
    await raw.watch("VAL", "DMOV", "OFF")
    with pytest.raises(MoveFailedError, match=message):
        await motor.set(0.3, timeout=timeout)
    assert raw.seen == []
    assert await raw.get("VAL") == 0


async def test_move_of_spmg_is_one_move(motor: Any, raw: RawMotor) -> None:
    await motor.mode.set("Move")
    await motor.set(0.1)
    with pytest.raises(MoveFailedError, match="SPMG is Pause"):
        await motor.set(0.2)


async def test_a_move_that_takes_too_long_is_stopped(motor: Any, raw: RawMotor) -> None:
    await raw.watch("MOVN")
    with pytest.raises(MoveTimeoutError, match=r"not at 20\.0 after 0\.2 s; it was stopped"):
        await motor.set(20.0, timeout=0.2)
    assert await raw.numbers("DMOV", "MOVN") == [1, 0]
    assert await raw.get("RBV") < 5


async def test_the_time_of_a_move_comes_from_distance_velocity_and_acceleration(motor: Any, raw: RawMotor) -> None:
    await raw.put("VELO", 4)
    await raw.put("ACCL", 0.5)
    logic = motor._logic("movable")
    assert await logic._longest(1.0, -7.0, None) == 2.0 + 1.0 + 10.0
    assert await logic._longest(1.0, -7.0, 3.5) == 3.5


async def test_a_slow_move_has_its_time(motor: Any, raw: RawMotor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ophyd_decl.logic.motor_record.MARGIN_S", 0.05)
    await raw.put("VELO", 0.2)
    await motor.set(0.1)
    assert await raw.get("RBV") == 0.1


async def test_a_cancelled_set_leaves_the_axis_at_rest(motor: Any, raw: RawMotor) -> None:
    status = await begin(motor, raw, 20.0)

    async def wait() -> None:
        await status

    waiting = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await raw.numbers("DMOV", "MOVN") == [1, 0]
    assert motor._moves == []
    assert motor._context.binding.idle


async def test_a_set_cancelled_at_any_await_leaves_the_axis_at_rest(
    motor: Any, raw: RawMotor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for field, value in {"VELO": 10, "ACCL": 0.01}.items():
        await raw.put(field, value)
    binding = motor._context.binding
    following = NextStart(binding, monkeypatch)
    cancelled = 0
    while True:
        target = 0.5 if await motor.get_value() < 0.25 else 0.0
        following.cancel_at(cancelled + 1)
        status = motor.set(target)
        await asyncio.wait([status.task])
        assert await raw.numbers("DMOV", "MOVN") == [1, 0]
        assert await motor.get_value() == await raw.get("RBV")
        await asyncio.sleep(0.03)  # no put comes later than the stop
        assert await raw.get("DMOV") == 1
        assert motor._moves == []
        assert binding.idle
        if not status.task.cancelled():
            assert status.success
            break
        cancelled += 1
    assert cancelled >= following.made[-1].waits >= 5
