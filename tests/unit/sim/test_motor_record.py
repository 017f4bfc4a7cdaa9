"""The demo's motor records, seen by raw clients of Channel Access and pvAccess."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.servers.motors import RAW, Motors, RawMotor, motors

pytestmark = pytest.mark.usefixtures("closed_channels")
GO, MOVE, PAUSE, STOP = 3, 2, 1, 0


@pytest.fixture(scope="module")
def server() -> Iterator[Motors]:
    with motors("RECORD:") as made:
        yield made


@pytest.fixture(params=["ca", "pva"])
async def motor(request: pytest.FixtureRequest, server: Motors) -> AsyncIterator[RawMotor]:
    async with RAW[request.param](server.take()) as client:
        yield client


async def begin(motor: RawMotor, target: float) -> "asyncio.Task[None]":
    """Put with completion, and return when the axis moves; watches RBV, DMOV and MOVN."""
    await motor.watch("RBV", "DMOV", "MOVN")
    put = asyncio.ensure_future(motor.put("VAL", target))
    await motor.until(lambda: 1 in motor.values("MOVN") and len(motor.values("RBV")) > 2)
    return put


async def test_a_put_completes_when_the_axis_is_there(motor: RawMotor) -> None:
    await motor.watch("RBV", "DMOV", "MOVN")
    began = time.monotonic()
    await motor.put("VAL", 0.4)
    assert 0.29 <= time.monotonic() - began < 3  # 0.4 mm at 2 mm/s with ramps of 0.1 s: 0.3 s
    assert await motor.numbers("VAL", "RBV", "DMOV", "MOVN") == [0.4, 0.4, 1, 0]
    await motor.until(lambda: len(motor.values("DMOV")) == 2)
    assert motor.values("DMOV") == [0, 1]
    assert motor.values("MOVN") == [1, 0]
    assert motor.values("RBV") == sorted(motor.values("RBV"))
    assert len(motor.values("RBV")) > 5


async def test_a_put_to_where_it_is_pulses_done(motor: RawMotor) -> None:
    await motor.watch("DMOV", "MOVN")
    await motor.put("VAL", 0.0)
    await motor.until(lambda: len(motor.values("DMOV")) == 2)
    assert motor.values("DMOV") == [0, 1]
    assert motor.values("MOVN") == []


@pytest.mark.parametrize("target", [25.1, -25.1, float("nan")])
async def test_a_put_beyond_a_soft_limit_completes_and_changes_nothing(motor: RawMotor, target: float) -> None:
    await motor.put("VAL", 0.1)
    await motor.watch("DMOV", "MOVN")
    await motor.put("VAL", target)
    assert await motor.numbers("VAL", "RBV", "LVIO", "DMOV") == [0.1, 0.1, 1, 1]
    assert await motor.severity("VAL") == 0
    assert motor.values("MOVN") == []
    await motor.put("VAL", 0.2)
    assert await motor.get("LVIO") == 0


async def test_limits_that_are_both_zero_are_none(motor: RawMotor) -> None:
    await motor.put("DHLM", 0)
    await motor.put("DLLM", 0)
    await motor.put("VELO", 1000)
    await motor.put("ACCL", 0.01)
    await motor.put("VAL", 99)
    assert await motor.numbers("VAL", "RBV", "LVIO") == [99, 99, 0]


async def test_a_hard_limit_ends_the_move_without_an_alarm(motor: RawMotor) -> None:
    await motor.put(":HighSwitch", 0.3)
    await motor.put("VAL", 5)
    assert await motor.numbers("VAL", "RBV", "HLS", "LLS", "MISS", "DMOV", "LVIO") == [0.3, 0.3, 1, 0, 0, 1, 0]
    assert await motor.severity("VAL") == 0
    await motor.put("VAL", 0.1)
    assert await motor.numbers("RBV", "HLS") == [0.1, 0]


async def test_a_hard_limit_has_the_severity_of_its_field(motor: RawMotor) -> None:
    await motor.put(":LowSwitch", -0.1)
    await motor.put("HLSV", 2)
    await motor.put("VAL", -5)
    assert await motor.numbers("RBV", "LLS") == [-0.1, 1]
    assert await motor.severity("VAL") == 2


@pytest.mark.parametrize(("field", "value"), [("STOP", 1), ("SPMG", STOP)])
async def test_a_stop_ends_the_put_where_it_is(motor: RawMotor, field: str, value: int) -> None:
    put = await begin(motor, 20)
    await motor.put(field, value, wait=False)  # one with completion would wait for the move, as in any record
    async with asyncio.timeout(1):
        await put
    target, readback, done, moving = await motor.numbers("VAL", "RBV", "DMOV", "MOVN")
    assert 0 < readback < 5
    assert (target, done, moving) == (readback, 1, 0)


async def test_a_stop_at_rest_changes_nothing(motor: RawMotor) -> None:
    await motor.put("VAL", 0.1)
    await motor.watch("DMOV")
    await motor.put("STOP", 1)
    assert await motor.numbers("VAL", "RBV", "DMOV", "STOP") == [0.1, 0.1, 1, 0]
    assert motor.seen == []


async def test_pause_holds_a_move_and_go_goes_on(motor: RawMotor) -> None:
    put = await begin(motor, 1.0)
    await motor.put("SPMG", PAUSE, wait=False)
    await motor.until(lambda: motor.values("MOVN")[-1] == 0)
    held = await motor.get("RBV")
    assert held < 1.0
    assert await motor.numbers("VAL", "DMOV") == [1.0, 0]
    assert not put.done()
    await motor.put("SPMG", GO, wait=False)
    await put
    assert await motor.numbers("RBV", "DMOV") == [1.0, 1]


async def test_move_of_spmg_does_one_move(motor: RawMotor) -> None:
    await motor.put("SPMG", MOVE)
    await motor.put("VAL", 0.1)
    assert await motor.numbers("RBV", "SPMG") == [0.1, PAUSE]


async def test_a_target_during_a_move_redirects_it(motor: RawMotor) -> None:
    put = await begin(motor, 20)
    await motor.put("VAL", -0.1, wait=False)
    await put
    assert await motor.numbers("VAL", "RBV") == [-0.1, -0.1]
    assert motor.values("DMOV") == [0, 1]


async def test_a_put_with_completion_during_a_move_waits_for_it(motor: RawMotor, server: Motors) -> None:
    put = await begin(motor, 0.4)
    async with RAW["pva" if type(motor) is RAW["ca"] else "ca"](motor.name) as other:
        await other.put("VAL", 0.1)
    assert put.done()
    await put
    assert await motor.get("RBV") == 0.1
    assert max(motor.values("RBV")) == 0.4


async def test_backlash_comes_from_one_side(motor: RawMotor) -> None:
    for field, value in {"BDST": 0.2, "BVEL": 2.0}.items():
        await motor.put(field, value)
    await motor.watch("RBV")
    await motor.put("VAL", -0.3)
    assert await motor.get("RBV") == -0.3
    assert min(motor.values("RBV")) == -0.5
    motor.seen.clear()
    await motor.put("VAL", -0.2)  # within the backlash, in its direction
    await motor.until(lambda: motor.values("RBV")[-1:] == [-0.2])
    assert motor.values("RBV") == sorted(motor.values("RBV"))


async def test_what_is_missed_is_tried_again_and_told(motor: RawMotor) -> None:
    await motor.put(":Lost", 0.05)
    await motor.put("RTRY", 3)
    await motor.put("VAL", 0.3)
    assert await motor.numbers("VAL", "RBV", "MISS", "RCNT", "DMOV") == [0.3, 0.25, 1, 4, 1]
    await motor.put(":Lost", 0)
    await motor.put("VAL", 0.1)
    assert await motor.numbers("RBV", "MISS", "RCNT") == [0.1, 0, 0]


async def test_without_retries_a_miss_is_not_told(motor: RawMotor) -> None:
    await motor.put(":Lost", 0.05)
    await motor.put("RTRY", 0)
    await motor.put("VAL", 0.3)
    assert await motor.numbers("RBV", "MISS", "DMOV") == [0.25, 0, 1]


async def test_an_offset_moves_user_coordinates(motor: RawMotor) -> None:
    await motor.put("OFF", 10)
    assert await motor.numbers("VAL", "RBV", "DVAL", "HLM", "LLM", "DHLM") == [10, 10, 0, 35, -15, 25]
    await motor.put("DIR", 1)
    assert await motor.numbers("HLM", "LLM") == [35, -15]
    await motor.put("VAL", 9.9)
    assert [round(value, 9) for value in await motor.numbers("RBV", "DRBV")] == [9.9, 0.1]
    await motor.put("HLM", 20)
    assert await motor.numbers("DHLM", "DLLM") == [25, -10]


@pytest.mark.parametrize(("frozen", "dial"), [(0, 0.0), (1, 3.0)])
async def test_set_redefines_where_it_is(motor: RawMotor, frozen: int, dial: float) -> None:
    await motor.put("FOFF", frozen)
    await motor.put("SET", 1)
    await motor.watch("MOVN")
    await motor.put("VAL", 3.0)
    assert await motor.numbers("VAL", "RBV", "DRBV", "OFF", "DMOV") == [3.0, 3.0, dial, 3.0 - dial, 1]
    assert motor.seen == []


async def test_a_tweak_moves_by_its_step(motor: RawMotor) -> None:
    await motor.put("TWV", 0.2)
    await motor.put("TWF", 1)
    assert await motor.numbers("RBV", "TWF") == [0.2, 0]
    await motor.put("TWR", 1)
    assert await motor.get("RBV") == 0.0


@pytest.mark.parametrize("field", ["HOMF", "HOMR"])
async def test_homing_ends_where_the_dial_is_0(motor: RawMotor, field: str) -> None:
    await motor.put("OFF", 0.1)
    await motor.put("VAL", 0.4)
    await motor.put(field, 1)
    assert await motor.numbers("RBV", "DRBV", field, "DMOV") == [0.1, 0.0, 0, 1]


async def test_speeds_stay_in_their_range(motor: RawMotor) -> None:
    await motor.put("VBAS", 0.5)
    await motor.put("VELO", 0.1)
    assert await motor.get("VELO") == 0.5
    await motor.put("VMAX", 3)
    await motor.put("VELO", 7)
    assert await motor.get("VELO") == 3


async def test_status_bits_say_what_the_controller_does(motor: RawMotor) -> None:
    done, moving = 1 << 1, 1 << 10
    assert int(await motor.get("MSTA")) & (done | moving) == done
    put = await begin(motor, 0.5)
    assert int(await motor.get("MSTA")) & (done | moving) == moving
    await put


async def test_what_clients_are_told_of_a_field(motor: RawMotor) -> None:
    await motor.watch("STOP", "DVAL", "HLM")
    await motor.put("STOP", 1)
    await motor.put("DVAL", 99)  # refused: back at once
    await motor.put("DHLM", 20)

    def last() -> list[Any]:
        return [motor.values(field)[-1:] for field in ("STOP", "DVAL", "HLM")]

    await motor.until(lambda: last() == [[0], [0.0], [20.0]])
