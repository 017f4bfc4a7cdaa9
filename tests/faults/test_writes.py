"""Writes from YAML, in plans, on a real IOC: done means done, and a refusal says which one it is."""

import asyncio
import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import numpy as np
import pytest
from bluesky import RunEngine
from bluesky.utils import FailedStatus, Msg

from ophyd_decl import load_beamline, signal
from ophyd_decl.errors import (
    AbsentError,
    BadValueError,
    DefinitionError,
    LimitError,
    NotProcessedError,
    NotTakenError,
    PutRefusedError,
    PutTimeoutError,
    WriteError,
)
from tests.cancelled import CancelledAt
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

RECORDS = """
record(ao, "$(P)plain") { field(VAL, "1") field(PINI, "YES") field(EGU, "mm") }
record(ao, "$(P)driven") { field(VAL, "1") field(PINI, "YES") field(DRVL, "-50") field(DRVH, "50") field(EGU, "mm") }
record(ao, "$(P)disp") { field(VAL, "1") field(PINI, "YES") field(DISP, "1") }
record(ao, "$(P)guarded") { field(VAL, "1") field(PINI, "YES") field(ASG, "READONLY") }
record(ao, "$(P)off") { field(VAL, "1") field(PINI, "YES") field(DISA, "1") }
record(bo, "$(P)button") { field(DISA, "1") field(PINI, "YES") }

# takes what it can: its readback never leaves 10
record(ao, "$(P)clamped") { field(VAL, "1") field(PINI, "YES") field(FLNK, "$(P)clamped_RBV") }
record(calc, "$(P)clamped_RBV") { field(INPA, "$(P)clamped") field(CALC, "MIN(A,10)") field(PINI, "YES") }

# takes a value when it comes for the second time
record(ao, "$(P)stubborn") { field(FLNK, "$(P)asked") }
record(calc, "$(P)asked") { field(INPA, "$(P)asked") field(CALC, "A+1") field(FLNK, "$(P)stubborn_RBV") }
record(calc, "$(P)stubborn_RBV") {
  field(INPA, "$(P)asked") field(INPB, "$(P)stubborn") field(CALC, "A>1?B:0") field(UDF, "0")
}

# arrives MOVE seconds after it was sent away
record(ao, "$(P)axis") { field(UDF, "0") field(FLNK, "$(P)axis:move") }
record(seq, "$(P)axis:move") {
  field(DO1, "0") field(LNK1, "$(P)axis:done PP")
  field(DLY2, "$(MOVE=1)") field(DOL2, "$(P)axis") field(LNK2, "$(P)axis_RBV PP")
  field(DO3, "1") field(LNK3, "$(P)axis:done PP")
}
record(ao, "$(P)axis_RBV") { field(VAL, "0") field(PINI, "YES") }
record(bo, "$(P)axis:done") { field(ZNAM, "Moving") field(ONAM, "Done") field(VAL, "1") field(PINI, "YES") }

# takes every value, and cannot pass it on
record(ao, "$(P)unlinked") { field(VAL, "1") field(OUT, "$(P)nowhere CA") field(FLNK, "$(P)tries") }
record(calc, "$(P)tries") { field(INPA, "$(P)tries") field(CALC, "A+1") }

# ends acquiring a second after it was told to begin
record(bo, "$(P)acquire") { field(ZNAM, "Done") field(ONAM, "Acquire") field(FLNK, "$(P)acquire:run") }
record(seq, "$(P)acquire:run") { field(DLY1, "1") field(DO1, "1") field(LNK1, "$(P)acquired PP") }
record(ao, "$(P)acquired") { field(VAL, "0") field(PINI, "YES") }

record(longout, "$(P)count") { field(VAL, "3") field(PINI, "YES") }
record(bo, "$(P)flag") { field(ZNAM, "Closed") field(ONAM, "Open") field(VAL, "1") field(PINI, "YES") }
record(mbbo, "$(P)mode") { field(ZRST, "Low") field(ONST, "High") field(VAL, "1") field(PINI, "YES") }
record(stringout, "$(P)text") { field(VAL, "hello") field(PINI, "YES") }
record(waveform, "$(P)array") {
  field(FTVL, "SHORT") field(NELM, "4") field(INP, {const: [1, 2]}) field(PINI, "YES")
}
record(waveform, "$(P)data") { field(FTVL, "DOUBLE") field(NELM, "4") }
"""
FILE = """\
api: ophyd_decl/v1
kind: beamline
name: writes
vars: {p: "T:"}
defaults: {protocol: PROTOCOL}
devices:
  plain: {type: signal, pv: "${{ p }}plain", dtype: float, access: rw, limits: [0, 100], units: mm}
  free: {type: signal, pv: "${{ p }}plain", dtype: float, access: rw, verify: readback}
  driven: {type: signal, pv: "${{ p }}driven", dtype: float, access: rw}
  disp: {type: signal, pv: "${{ p }}disp", dtype: float, access: rw}
  guarded: {type: signal, pv: "${{ p }}guarded", dtype: float, access: rw, connect: optional}
  off: {type: signal, pv: "${{ p }}off", dtype: float, access: rw}
  clamped: {type: signal, CLAMPED, dtype: float, access: rw, verify: readback}
  once: {type: signal, STUBBORN, dtype: float, access: rw, verify: readback}
  stubborn: {type: signal, STUBBORN, dtype: float, access: rw, verify: readback, retries: 1}
  patient: {type: signal, pv: "${{ p }}axis", dtype: float, access: rw}
  hasty: {type: signal, pv: "${{ p }}axis", dtype: float, access: rw, wait: false}
  unless_zero: {type: signal, pv: "${{ p }}axis", dtype: float, access: rw, wait: non_zero}
  short: {type: signal, pv: "${{ p }}axis", dtype: float, access: rw, timeout: {write: 0.1}}
  arrived: {type: signal, pv: "${{ p }}axis_RBV", dtype: float}
  done: {type: signal, pv: "${{ p }}axis:done", dtype: bool}
  acquire: {type: signal, ACQUIRE, dtype: enum, choices: [Acquire, Done], match: subset, access: rw, wait: non_zero}
  acquired: {type: signal, pv: "${{ p }}acquired", dtype: float, access: rw}
  count: {type: signal, pv: "${{ p }}count", dtype: int, access: rw}
  small: {type: signal, pv: "${{ p }}array", dtype: int16, shape: [null], access: rw}
  data: {type: signal, pv: "${{ p }}data", dtype: float64, shape: [null], access: rw, verify: readback}
  unlinked: {type: signal, pv: "${{ p }}unlinked", dtype: float, access: rw}
  persistent: {type: signal, pv: "${{ p }}unlinked", dtype: float, access: rw, retries: 2}
  tries: {type: signal, pv: "${{ p }}tries", dtype: int}
  flag: {type: signal, pv: "${{ p }}flag", dtype: bool, access: rw}
  mode: {type: signal, pv: "${{ p }}mode", dtype: enum, choices: [Low, High], access: rw}
  text: {type: signal, pv: "${{ p }}text", dtype: str, access: rw}
  panel:
    type: group
    commands:
      press: {pv: "${{ p }}button.PROC"}
"""
FILE = FILE.replace("ACQUIRE,", 'pv: "${{ p }}acquire",')
for _word in ("clamped", "stubborn"):
    FILE = FILE.replace(_word.upper(), f'pv: {{read: "${{{{ p }}}}{_word}_RBV", write: "${{{{ p }}}}{_word}"}}')


@pytest.fixture(params=["ca", "pva"], scope="module")
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(RECORDS)


@pytest.fixture
def bl(protocol: str, ioc: Ioc, tmp_path: Path, RE: RunEngine) -> Iterator[Any]:
    (tmp_path / "beamline.yaml").write_text(FILE.replace("PROTOCOL", protocol))
    beamline = load_beamline(tmp_path, set={"vars.p": ioc.prefix})
    beamline.connect(timeout=3).or_raise()
    come_to_rest(beamline)
    yield beamline
    beamline.close()


def come_to_rest(bl: Any) -> None:
    """Wait for a move that an earlier put has started: a put in the middle of it would find its records busy."""
    wait_until(bl, done=True)


def wait_until(bl: Any, *, done: bool) -> None:
    """Wait until the records move, or do not."""
    deadline = time.monotonic() + 20
    while bl.done.get() is not done:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def stopped_by(RE: RunEngine, *messages: Any) -> WriteError:
    """Return the error that stopped a plan; fails if what follows in the plan was reached."""
    reached: list[str] = []

    def plan() -> Iterator[Msg]:
        yield from messages[0](*messages[1:])
        reached.append("the line after it")
        yield from bps.null()

    with pytest.raises((FailedStatus, WriteError)) as caught:
        RE(plan())
    error: BaseException = caught.value
    if isinstance(error, FailedStatus):
        inner = error.__cause__ or error.args[0]
        error = inner if isinstance(inner, BaseException) else inner.exception()
    assert isinstance(error, WriteError)
    assert error  # truthy: an error that is not would be taken for none
    assert reached == []
    return error


REFUSED = [
    ("disp", 2.0, PutRefusedError, ["DISP is 1"]),
    ("guarded", 2.0, PutRefusedError, ["access"]),
    ("off", 2.0, NotProcessedError, ["DISABLE", "SDIS"]),
    ("plain", 100.5, LimitError, ["[0, 100]", "of the file", "`limits:`"]),
    ("driven", 50.5, LimitError, ["[-50.0, 50.0]", "of the server", "DRVH"]),
    ("clamped", 10.000000000000002, NotTakenError, ["expected 10.000000000000002", "found 10.0", "DRVH"]),
    ("unlinked", 2.0, NotTakenError, ["could not pass it on", "LINK, INVALID", "OUT"]),
    (
        "short",
        5.0,
        PutTimeoutError,
        ["sent, but its completion did not arrive within 0.", " s", "`timeout: {write: S}`"],
    ),
]


def set_and_wait(signal: Any, value: Any) -> Iterator[Msg]:
    yield from bps.abs_set(signal, value, wait=True)


@pytest.mark.parametrize("verb", [set_and_wait, bps.mv], ids=["abs_set", "mv"])
@pytest.mark.parametrize(("name", "value", "kind", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_refusal_stops_the_plan_and_says_which_it_is(
    bl: Any, RE: RunEngine, verb: Any, name: str, value: float, kind: type[WriteError], words: list[str]
) -> None:
    error = stopped_by(RE, verb, bl[name], value)
    assert isinstance(error, kind), error
    if kind is PutRefusedError:
        assert type(error) is PutRefusedError
    for word in [name, *words]:
        assert word in str(error), str(error)


def test_a_command_of_a_disabled_record_is_an_error(bl: Any, RE: RunEngine) -> None:
    def press() -> Iterator[Msg]:
        yield from bps.trigger(bl.panel.press, wait=True)

    error = stopped_by(RE, press)
    assert isinstance(error, NotProcessedError)
    assert "panel.press" in str(error)


def test_completion_means_that_it_has_arrived(bl: Any, RE: RunEngine) -> None:
    target = bl.arrived.get() + 1
    RE(bps.mv(bl.patient, target))
    assert bl.arrived.get() == target


@pytest.mark.parametrize(("name", "value"), [("hasty", 7.0), ("hasty", 0.0), ("unless_zero", 0.0)])
def test_without_completion_the_plan_goes_on(bl: Any, RE: RunEngine, name: str, value: float) -> None:
    RE(bps.mv(bl.patient, 3.0))
    RE(bps.mv(bl[name], value))
    assert bl.arrived.get() == 3.0
    wait_until(bl, done=False)  # the record begins in a thread of its own
    come_to_rest(bl)
    assert bl.arrived.get() == value


def test_non_zero_waits_for_the_completion_of_others(bl: Any, RE: RunEngine) -> None:
    target = bl.arrived.get() + 2
    RE(bps.mv(bl.unless_zero, target))
    assert bl.arrived.get() == target


def test_non_zero_goes_by_the_label_that_is_the_first_of_the_server(bl: Any, RE: RunEngine) -> None:
    bl.acquired.put(0.0)
    RE(bps.mv(bl.acquire, "Acquire"))
    assert bl.acquired.get() == 1.0
    bl.acquired.put(0.0)
    RE(bps.mv(bl.acquire, "Done"))
    assert bl.acquired.get() == 0.0


async def test_a_put_that_is_cancelled_says_that_it_was_sent_wherever_that_is(
    protocol: str, ioc: Ioc, tmp_path: Path
) -> None:
    (tmp_path / "beamline.yaml").write_text(FILE.replace("PROTOCOL", protocol))
    bl: Any = load_beamline(tmp_path, set={"vars.p": ioc.prefix})
    await bl.aconnect(timeout=3, only="free")
    said: list[str] = []
    while True:
        put = CancelledAt(bl.free._write(5.0 + len(said), None), at=1 + len(said))
        put.task = asyncio.ensure_future(put)
        try:
            await put.task
            break
        except asyncio.CancelledError as error:
            said.append(str(error))
    assert "while 5.0 was being written; it may have been sent" in said[0]
    assert "was written, and cancelled while it was read back" in said[-1]
    assert all("written" in words for words in said)
    await bl.aclose()


def test_verify_agrees_with_what_was_taken(bl: Any, RE: RunEngine) -> None:
    for value in (0.1, 3, np.float32(0.3), -1e6):
        RE(bps.mv(bl.free, value))
    RE(bps.mv(bl.clamped, 9.5))
    assert bl.clamped.get() == 9.5
    bl.free.put(1.0)
    RE(bps.mv(bl.data, np.array([np.nan, np.inf, -0.0, 1e-320])))
    assert np.isnan(bl.data.get()[0])


def test_a_value_that_was_not_taken_is_sent_again_as_often_as_the_file_says(bl: Any, RE: RunEngine, ioc: Ioc) -> None:
    _reset(ioc)
    error = stopped_by(RE, bps.mv, bl.once, 5.0)
    assert isinstance(error, NotTakenError)
    _reset(ioc)
    RE(bps.mv(bl.stubborn, 6.0))
    assert bl.stubborn.get() == 6.0


def test_a_value_that_could_not_be_passed_on_is_sent_again_as_often_as_the_file_says(bl: Any, RE: RunEngine) -> None:
    before = bl.tries.get()
    assert isinstance(stopped_by(RE, bps.mv, bl.persistent, 5.0), NotTakenError)
    assert bl.tries.get() == before + 3


def _reset(ioc: Ioc) -> None:
    """Have the stubborn record forget how often it was asked: its counter adds one when it is processed."""
    ioc.command(f'dbpf "{ioc.pv("asked")}" "-1"')
    ioc.command(f'dbpf "{ioc.pv("asked.PROC")}" "1"')


BAD = [
    ("plain", float("nan")),
    ("free", float("nan")),
    ("free", np.float64("nan")),
    ("free", None),
    ("free", True),
    ("free", "1.5"),
    ("free", [1.0]),
    ("free", np.array([1.0, 2.0])),
    ("free", 10**400),
    ("count", 2.5),
    ("count", 2**31),
    ("count", -(2**31) - 1),
    ("count", np.int64(2**40)),
    ("count", "3"),
    ("count", None),
    ("flag", "False"),
    ("flag", "Open"),
    ("flag", ""),
    ("flag", 2),
    ("flag", None),
    ("flag", []),
    ("mode", "Medium"),
    ("mode", "low"),
    ("mode", 1),
    ("mode", None),
    ("text", 5),
    ("text", None),
    ("text", b"bytes"),
    ("text", "a\0b"),
    ("small", [1, 2**15]),
    ("small", [1.5]),
    ("small", [[1, 2]]),
    ("small", 1),
    ("small", "12"),
    ("small", [None]),
    ("small", ["a"]),
]


def test_a_bad_value_is_refused_before_a_packet_is_sent(bl: Any, RE: RunEngine) -> None:
    for name, value in BAD:
        before = reading(bl[name])
        error = stopped_by(RE, bps.mv, bl[name], value)
        assert isinstance(error, BadValueError | LimitError), (name, value)
        assert name in str(error)
        after = reading(bl[name])
        assert after["timestamp"] == before["timestamp"], f"the record was processed by {name}={value!r}"
        assert np.array_equal(after["value"], before["value"])


def reading(signal: Any) -> Any:
    """Return a fresh reading."""
    return signal._context.binding.run(lambda: signal.read(cached=False), "read", "")[signal.name]


GOOD = [
    ("plain", np.float32(2.5), 2.5),
    ("plain", np.int64(3), 3.0),
    ("plain", np.array(4.0), 4.0),
    ("free", float("inf"), float("inf")),
    ("free", float("-inf"), float("-inf")),
    ("count", np.uint8(200), 200),
    ("count", 4.0, 4),
    ("count", 2**31 - 1, 2**31 - 1),
    ("count", -(2**31), -(2**31)),
    ("flag", np.bool_(False), False),
    ("flag", 1, True),
    ("mode", np.str_("Low"), "Low"),
    ("text", "", ""),
    ("text", "x" * 39, "x" * 39),
    ("text", "é" * 19, "é" * 19),
    ("small", (1, 2, 3), [1, 2, 3]),
    ("small", np.arange(4.0), [0, 1, 2, 3]),
]


def test_a_good_value_of_any_library_is_written_as_it_is(bl: Any, RE: RunEngine) -> None:
    for name, value, expected in GOOD:
        RE(bps.mv(bl[name], value))
        assert np.array_equal(bl[name].get(), expected), (name, value)


def test_what_is_too_long_is_never_cut_off_without_a_word(bl: Any, RE: RunEngine, protocol: str) -> None:
    """Channel Access tells the sizes, so nothing is sent; with pvAccess the value that was kept is compared."""
    for name, good, value in (("text", "a", "x" * 40), ("text", "a", "é" * 20), ("small", [1], range(5))):
        bl[name].put(good)
        error = stopped_by(RE, bps.mv, bl[name], value)
        assert isinstance(error, BadValueError if protocol == "ca" else NotTakenError), (name, value)
        if protocol == "ca":
            assert np.array_equal(bl[name].get(), good)
    bl.text.put("a")


def test_an_empty_array_is_written_or_refused_in_words(bl: Any, RE: RunEngine, protocol: str) -> None:
    RE(bps.mv(bl.small, [1, 2]))
    if protocol == "ca":
        error = stopped_by(RE, bps.mv, bl.small, [])
        assert isinstance(error, BadValueError)
        assert "empty" in str(error)
        assert bl.small.get().tolist() == [1, 2]
    else:
        RE(bps.mv(bl.small, []))
        assert bl.small.get().tolist() == []


@pytest.mark.parametrize("name", ["N" * 61, "N" * 61 + ".DESC", "A B"])
def test_a_name_that_no_record_can_have_is_not_even_searched(RE: RunEngine, name: str) -> None:
    device = signal(f"ca://{name}", name="odd", dtype="float", timeout={"connect": 30})
    error = stopped_by(RE, bps.mv, device, 1.0)
    assert isinstance(error, AbsentError)
    assert "the PV name" in str(error)


@pytest.mark.parametrize("name", ["", " ", "ca://", "pva://  "])
def test_a_blank_name_is_no_address(name: str) -> None:
    with pytest.raises(DefinitionError):
        signal(name, name="blank", dtype="float")


def test_a_refusal_is_found_whether_it_is_waited_for_or_not(bl: Any, RE: RunEngine) -> None:
    for name, kind in (("disp", PutRefusedError), ("off", NotProcessedError)):
        bl[name]._shape = dataclasses.replace(bl[name]._shape, wait="no")
        assert isinstance(stopped_by(RE, bps.mv, bl[name], 2.0), kind)


def test_a_held_signal_is_asked_once_behind_a_put(bl: Any, RE: RunEngine, protocol: str) -> None:
    """Over pvAccess the look behind the put is a fresh reading, so that the read that follows costs nothing."""
    connector = bl.plain._context.binding.connector(protocol)
    read, asked = connector.read, list[str]()

    async def note(requests: Any) -> Any:
        asked.extend(request.channel.source for request in requests)
        return await read(requests)

    readings: list[Any] = []

    def plan() -> Iterator[Msg]:
        yield from bps.stage(bl.plain)
        connector.read = note
        for value in range(20):
            yield from bps.abs_set(bl.plain, float(value), wait=True)
            readings.append((yield from bps.read(bl.plain)))
        yield from bps.unstage(bl.plain)

    try:
        RE(plan())
    finally:
        connector.read = read
    assert [reading["plain"]["value"] for reading in readings] == list(range(20))
    if protocol == "pva":
        assert asked == []


@pytest.mark.parametrize(("name", "kind"), [("off", NotProcessedError), ("unlinked", NotTakenError)])
def test_a_put_to_a_held_signal_that_was_not_done_is_found(
    bl: Any, RE: RunEngine, name: str, kind: type[WriteError]
) -> None:
    def plan() -> Iterator[Msg]:
        yield from bps.stage(bl[name])
        try:
            yield from bps.abs_set(bl[name], 2.0, wait=True)
        finally:
            yield from bps.unstage(bl[name])

    assert isinstance(stopped_by(RE, plan), kind)
