"""The demo's control system as clients see it, over both protocols."""

import time
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import pytest

from ophyd_decl.sim import DemoServer

CaClient = Callable[..., Any]
MOTORS = ("DEMO:STAGE:X", "DEMO:STAGE:Y", "DEMO:MONO:BRAGG")
KINDS_OF_MOTOR = {
    **dict.fromkeys([".VAL", ".RBV", ".VELO", ".ACCL", ":HighSwitch", ":LowSwitch", ":Lost"], "d"),
    **dict.fromkeys([".DMOV", ".STOP"], "h"),
    ".SPMG": "enum",
}
KINDS_OF_DETECTOR = {
    "AcquireTime": "d",
    "AcquireTime_RBV": "d",
    "Acquiring": "enum",
    "Start.PROC": "B",
    "Reset.PROC": "B",
    **{f"{channel}:Value": "i" for channel in (1, 2, 3)},
    **{f"{channel}:Mode": "enum" for channel in (1, 2, 3)},
}
KINDS = {
    **{motor + name: kind for motor in MOTORS for name, kind in KINDS_OF_MOTOR.items()},
    **{f"DEMO:DET:{name}": kind for name, kind in KINDS_OF_DETECTOR.items()},
}


@pytest.fixture
def pva(server: DemoServer) -> Iterator[Any]:
    """Return a pvAccess client of its own."""
    from p4p.client.thread import Context

    with Context("pva", conf=server.environment, useenv=False, nt=False) as context:
        yield context


@pytest.fixture
def callbacks() -> Iterator[Any]:
    """Return a queue for the callbacks of monitors; that of p4p itself outlives the test."""
    from p4p.util import ThreadedWorkQueue

    queue = ThreadedWorkQueue(workers=1)
    with queue:
        yield queue


def test_limits_units_and_rights_are_told(ca_client: CaClient) -> None:
    answer = ca_client("described")
    assert answer["limits"] == answer["display"] == [[-25, 25], [-25, 25]]
    assert answer["units"] == ["mm", "mm", "mm/sec", "sec"]
    assert answer["precision"] == [3, 3, 3, 3]
    assert answer["writable"] == [True, False, False]
    assert answer["severity"] == 0
    assert 0 <= time.time() - answer["timestamp"] < 3600


def test_scan_gives_the_counts_of_ophyd_async(
    ca_client: CaClient, ophyd_async_rows: tuple[tuple[float, float, int, int, int], ...]
) -> None:
    assert ca_client("scan") == [list(row[2:]) for row in ophyd_async_rows]


def test_every_pv_is_there_without_alarm_on_channel_access(ca_client: CaClient) -> None:
    answer = ca_client("types", *KINDS)
    double, enum, char, long, short = 6, 3, 4, 5, 1
    numbers = {"d": double, "enum": enum, "B": char, "i": long, "h": short}
    assert {name: kind for name, (kind, _) in answer.items()} == {name: numbers[kind] for name, kind in KINDS.items()}
    assert {severity for _, severity in answer.values()} == {0}


def test_every_pv_is_there_without_alarm_on_pvaccess(pva: Any) -> None:
    values = pva.get(list(KINDS), timeout=5)
    kinds = {
        name: "enum" if value.getID().startswith("epics:nt/NTEnum") else value.type()["value"]
        for name, value in zip(KINDS, values, strict=True)
    }
    assert kinds == KINDS
    assert {value.alarm.severity for value in values} == {0}


def test_pvaccess_tells_units_limits_precision_and_labels(pva: Any) -> None:
    setpoint, exposure, mode = pva.get(["DEMO:MONO:BRAGG.VAL", "DEMO:DET:AcquireTime", "DEMO:DET:2:Mode"], timeout=5)
    assert setpoint.value == 10
    assert (setpoint.display.units, setpoint.display.precision) == ("deg", 3)
    assert (setpoint.control.limitLow, setpoint.control.limitHigh) == (1, 60)
    assert (exposure.display.units, exposure.control.limitLow, exposure.control.limitHigh) == ("s", 0.001, 60)
    assert mode.value.choices == ["Low Energy", "High Energy"]


def test_acquisition_is_completed_when_the_counts_are_there(pva: Any, callbacks: Any) -> None:
    seen: Queue[int] = Queue()
    acquiring: Queue[int] = Queue()
    value, state = "DEMO:DET:1:Value", "DEMO:DET:Acquiring"
    request = {"wait": True, "timeout": 10}
    pva.put("DEMO:DET:AcquireTime", 0.35, **request)
    assert pva.get("DEMO:DET:AcquireTime_RBV").value == 0.35
    pva.put("DEMO:DET:Reset.PROC", 1, **request)
    assert pva.get(value).value == 0
    every = "record[queueSize=20]field()"  # on a busy machine, four would be too few
    with (
        pva.monitor(value, lambda update: seen.put(update.value), request=every, queue=callbacks),
        pva.monitor(state, lambda update: acquiring.put(update.value.index), request=every, queue=callbacks),
    ):
        assert (seen.get(timeout=5), acquiring.get(timeout=5)) == (0, 0)
        pva.put("DEMO:DET:Start.PROC", 1, **request)
        final = pva.get(value).value
        assert pva.get(state).value.index == 0
        updates = [seen.get(timeout=5)]
        while updates[-1] != final:
            updates.append(seen.get(timeout=5))
        assert [acquiring.get(timeout=5), acquiring.get(timeout=5)] == [1, 0]
    assert updates == sorted(updates)
    assert len(updates) == 4


def test_put_of_not_a_number_is_undone(pva: Any) -> None:
    pva.put("DEMO:DET:AcquireTime", 0.1, wait=True, timeout=10)
    pva.put("DEMO:DET:AcquireTime", float("nan"), wait=True, timeout=10)
    assert [one.value for one in pva.get(["DEMO:DET:AcquireTime", "DEMO:DET:AcquireTime_RBV"])] == [0.1, 0.1]


def test_high_energy_changes_the_counts(pva: Any) -> None:
    mode, value, start = "DEMO:DET:3:Mode", "DEMO:DET:3:Value", "DEMO:DET:Start.PROC"
    pva.put(start, 1, wait=True, timeout=10)
    low = pva.get(value).value
    pva.put(mode, {"value.index": 1}, wait=True)
    pva.put(start, 1, wait=True, timeout=10)
    high = pva.get(value).value
    pva.put(mode, {"value.index": 0}, wait=True)
    assert low != high
