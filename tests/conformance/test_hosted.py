"""Devices of ophyd and ophyd-async in a beamline: made, named, connected, reported and scanned beside ours."""

import itertools
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.rivals import hosted
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc
from tests.servers.motors import Motors, motors

pytestmark = pytest.mark.timeout(600)  # it may have to install the other libraries
HERE = Path(__file__).parent / "hosted"
ROOT = Path(__file__).parents[2]
LIBRARIES = ("ophyd_decl", "ophyd", "ophyd_async")


@pytest.fixture(scope="module")
def server() -> Iterator[Motors]:
    with motors("HOSTED:") as made:
        yield made


@pytest.fixture(scope="module")
def lab(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(HERE / "records.db")


def run(
    program: Path | str, *arguments: str, timeout_s: float = 120, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with all three libraries; a file, or the text of one."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("PYEPICS", "VIRTUAL_ENV"))}
    call = [str(program)] if isinstance(program, Path) else ["-c", program]
    return subprocess.run(
        [hosted(), *call, *arguments], env=others | {"PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}"} | variables,
        capture_output=True, text=True, timeout=timeout_s, check=False,
    )  # fmt: skip


def run_with_ophyd(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program that moves a motor of ophyd, which now and then does not see the end of a short move, for ever."""
    for _ in range(2):
        with suppress(subprocess.TimeoutExpired):
            return run(program, *arguments, timeout_s=40)
    return run(program, *arguments, timeout_s=40)


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    """Begin a program as `run` does."""
    return subprocess.Popen(
        [hosted(), "-c", program, *arguments],
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    """Return what a program answers; it must end well, and say nothing else."""
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    return json.loads(line.removeprefix("ANSWER "))


@pytest.mark.parametrize("order", [",".join(order) for order in itertools.permutations(LIBRARIES)])
def test_three_libraries_in_one_scan_in_any_order(server: Motors, lab: Ioc, order: str) -> None:
    found = answer(run(HERE / "scan.py", order, lab.prefix, server.take()))
    assert found["states"] == {
        "x": ["connected", 35, 35],
        "supply": ["connected", 2, 2],
        "gauge": ["connected", 2, 2],
        "interface": ["connected", 4, 4],
        "camera": ["connected", 0, 0],
        "follower": ["connected", 1, 1],
    }
    assert found["names"] == ["supply", "supply_voltage", "gauge", "gauge-pressure"]
    assert found["own classes"] == found["native arguments"] == [True, True]
    assert found["groups"] == {
        "all": ["x", "supply", "gauge", "camera"],
        "inner": ["gauge-pressure", "supply_current"],
        "some": ["gauge-pressure", "gauge-range"],
    }
    assert found["one each"]
    assert found["inner"]
    scan, grid = found["events"][:3], found["events"][3:]
    frame = scan[0]["interface-frames"]
    voltage = scan[0]["supply_voltage"]
    read = {"supply_voltage": voltage, "supply_current": 1.5, "gauge-pressure": 1.5}
    assert scan == [{**read, "interface-frames": frame + n, "x": pytest.approx(n / 10)} for n in range(3)]
    assert grid == [
        {"gauge-pressure": 1.5, "interface-frames": frame + 2, "supply_voltage": voltage, "x": pytest.approx(x)}
        for voltage in (1.0, 2.0)
        for x in (0.0, 0.1)
    ]
    assert found["hints"][0]["x"] == {"fields": ["x"]}
    assert found["hints"][0]["supply"] == {"fields": ["supply_voltage"]}
    configuration = found["configuration"][0]
    assert configuration["gauge"] == {"gauge-range": voltage}
    assert configuration["camera"] == {"interface-exposure": 0.1}
    assert configuration["x"]["x-velocity"] == 2.0
    assert found["libcas"] == 1


def test_a_device_in_trouble_is_reported_with_its_place_and_the_others_work(lab: Ioc) -> None:
    done = run(HERE / "trouble.py", lab.prefix)
    done.stderr = done.stderr[: done.stderr.find("Run aborted")]  # bluesky tells of the last plan
    found = answer(done)
    assert found["before"] == []
    assert found["early"]
    assert (found["value"], found["ok"]) == (1.5, True)
    assert found["states"] == {
        "value": "connected",
        "half_ophyd": "degraded",
        "half_async": "degraded",
        "broken": "absent",
        "slow": "absent",
        "unknown": "absent",
        "function": "absent",
        "reexported": "absent",
        "needs_broken": "absent",
        "gauge": "connected",
        "sleeper": "lazy",
    }
    problems = {name: said[0] for name, said in found["problems"].items() if said}
    lines = {}
    for number, line in enumerate((HERE / "trouble.yaml").read_text().splitlines(), 1):
        lines[line.strip().partition(":")[0]] = number
    assert {name: said[3] for name, said in problems.items()} == {name: lines[name] for name in problems}
    missing = f"ca://{lab.prefix}no_such_pv"
    assert problems["half_ophyd"][:3] == ["E610", "half_ophyd.missing", missing]
    assert problems["half_async"][:3] == ["E610", "half_async.missing", missing]
    assert problems["slow"][0] == "E610"
    for name, cause in {
        "broken": "RuntimeError: no licence for",
        "unknown": "No module named 'nowhere'",
        "function": "no class but a function",
        "reexported": "is the class pathlib:PurePath, which may not be loaded",
        "needs_broken": "name what cannot be used: broken: the Python class lab_ophyd:Broken",
    }.items():
        assert problems[name][0] == "E504"
        assert cause in problems[name][4]
    errors = found["errors"]
    assert "no licence" in errors["read"]
    assert "no licence" in errors["attribute"]
    assert errors["read"].startswith("NotHostedError: broken: ")
    assert errors["no member"].startswith("KeyError")
    assert "use its own verbs" in errors["value"]
    assert found["later"] == {"sleeper": "connected"}
    assert found["event"] == {
        "gauge-pressure": 1.5,
        "sleeper_voltage": pytest.approx(found["event"]["sleeper_voltage"]),
        "sleeper_current": 1.5,
        "half_ophyd_there": 1.5,
    }
    assert found["refused"].startswith("ReportError")
    assert missing in found["refused"]


def test_mock_and_read_only_mode_imports_by_name_and_one_run_engine_after_the_other(
    server: Motors, lab: Ioc, tmp_path: Path
) -> None:
    found = answer(run(HERE / "modes.py", lab.prefix, server.take(), str(tmp_path)))
    assert found["after the import"] == []
    assert found["after `from ... import supply`"] == ["ophyd", "lab_ophyd"]
    assert found["the device itself"] == "Supply"
    assert found["all"][:5] == ["x", "supply", "gauge", "interface", "camera"]
    read_only = found["read-only"]
    assert [said for said in read_only["problems"] if said[0] == "E505"] == [["E505", "supply"], ["E505", "gauge"]]
    assert read_only["error"].startswith("HostedReadOnlyError: supply: ")
    assert read_only["native"]
    first, second = found["engines"]
    assert second == {**first, "interface-frames": first["interface-frames"] + 1}
    assert set(first) == {"gauge-pressure", "interface-frames", "supply_voltage", "supply_current", "x"}
    assert found["connects"] == [False, True, False, True, False]  # anew on each other loop, and not on the same
    assert found["threads"] == []
    assert found["mock"] == {
        "x": ["mocked", 35],
        "supply": ["mocked", 2],
        "gauge": ["mocked", 2],
        "interface": ["mocked", 4],
        "camera": ["mocked", 0],
        "follower": ["mocked", 1],
    }
    assert found["mock class"] == [True, True]
    assert found["too late"].startswith("OphydDeclError: supply was made already")
    assert found["mock events"] == [{"supply_voltage": 3, "supply_current": 0, "gauge-pressure": 0.0}]


def test_helpers_of_ophyd_async_take_native_signals_and_what_looks_at_their_class_refuses_them(lab: Ioc) -> None:
    found = answer(run(HERE / "native.py", lab.prefix))
    assert found["exposure"] == 0.3
    assert found["frames"] == 1
    assert found["idle"][0]
    assert found["a readable"] == {"interface-exposure": 0.1}
    assert found["a child"] == []
    assert set(found["refused"]) == {"add_readables", "DeviceVector", "Settings", "set_mock_value"}
    assert set(found["refused"].values()) == {"TypeError"}


GUIDE = (ROOT / "docs/how-to/migrate.md").read_text()
#: Runs the scan of the guide, and shows what was recorded.
RECORDING = """
import bluesky, json, sys
documents = []
class RunEngine(bluesky.RunEngine):
    def __init__(self, *args):
        super().__init__(*args)
        self.subscribe(lambda name, document: documents.append((name, document)))
program, file, sets = sys.argv[1:]
import ophyd_decl
load = ophyd_decl.load_beamline
ophyd_decl.load_beamline = lambda path: load(path, set=json.loads(sets))
bluesky.RunEngine = RunEngine
sys.argv = [program, file]
exec(compile(open(program).read(), program, "exec"))
from event_model import DocumentNames, schema_validators
for name, document in documents:
    schema_validators[DocumentNames[name]].validate(document)
(descriptor,) = [document for name, document in documents if name == "descriptor"]
print("ANSWER", json.dumps({
    "classes": [f"{type(one).__module__}.{type(one).__name__}" for one in (beamline.x, beamline.y)],
    "events": [document["data"] for name, document in documents if name == "event"],
    "hints": {name: hints["fields"] for name, hints in descriptor["hints"].items()},
    "keys": {name: [key["source"], key["dtype"]] for name, key in descriptor["data_keys"].items()},
    "configuration": {name: one["data"] for name, one in descriptor["configuration"].items()},
}, default=str))
"""


#: Counts with the detector of the guide, prepared with another exposure; shows what was recorded.
COUNTING = """
import json, sys
from bluesky import RunEngine, plan_stubs as bps, plans as bp
from event_model import DocumentNames, schema_validators
from ophyd_async.core import TriggerInfo
from ophyd_decl import load_beamline
file, prefix = sys.argv[1:]
beamline = load_beamline(file, set={"vars.cam": prefix})
RE, documents = RunEngine({}), []
RE.subscribe(lambda name, document: documents.append((name, document)))
report = beamline.connect(timeout=20).or_raise()
def plan():
    yield from bps.mv(beamline.interface.exposure, 0.2)
    yield from bp.count([beamline.camera], 3)
    yield from bps.stage(beamline.camera)
    yield from bps.prepare(beamline.camera, TriggerInfo(livetime=0.3), wait=True)
    yield from bps.unstage(beamline.camera)
RE(plan())
for name, document in documents:
    schema_validators[DocumentNames[name]].validate(document)
(descriptor,) = [document for name, document in documents if name == "descriptor"]
print("ANSWER", json.dumps({
    "exit": documents[-1][1]["exit_status"],
    "frames": [document["data"]["interface-frames"] for name, document in documents if name == "event"],
    "source": descriptor["data_keys"]["interface-frames"]["source"],
    "configuration": descriptor["configuration"]["camera"]["data"],
    "prepared": beamline.interface.exposure.get(),
}))
beamline.close()
"""


def pieces_of_the_guide(folder: Path) -> None:
    """Write its files."""
    for kind, language in (("file", "yaml"), ("python", "python")):
        for name, text in re.findall(rf"<!-- {kind}: (\S+) -->\n```{language}\n(.*?)```", GUIDE, re.DOTALL):
            (folder / name).write_text(text)


def test_the_detector_of_the_guide_counts_on_native_signals(lab: Ioc, tmp_path: Path) -> None:
    pieces_of_the_guide(tmp_path)
    path = f"{ROOT}{os.pathsep}{tmp_path}"
    found = answer(run(COUNTING, str(tmp_path / "detector.yaml"), lab.prefix, PYTHONPATH=path))
    first = found["frames"][0]
    assert found["frames"] == [first, first + 1, first + 2]
    assert found["exit"] == "success"
    assert found["source"] == f"ca://{lab.prefix}frames"
    assert found["configuration"] == {"interface-exposure": 0.2}
    assert found["prepared"] == 0.3


def test_the_guide_to_migrating_gives_the_same_keys_and_values_before_and_after(server: Motors, tmp_path: Path) -> None:
    pieces_of_the_guide(tmp_path)
    found: dict[str, Any] = {}
    x, y = server.take(), server.take()
    for file in ("before", "after"):
        sets = json.dumps({"vars.x": x, "vars.y": y})
        runs = run_with_ophyd if file == "before" else run
        done = runs(RECORDING, str(tmp_path / "scan.py"), str(tmp_path / f"{file}.yaml"), sets)
        assert done.returncode == 0, done.stderr
        done.stderr = ""  # ophyd speaks of callbacks of a status that has ended
        found[file] = answer(done)
    before, after = found["before"], found["after"]
    assert before["classes"] == ["ophyd.epics_motor.EpicsMotor", "ophyd_async.epics.motor.Motor"]
    assert all(name.startswith("ophyd_decl.") for name in after["classes"])
    for n, (old, new) in enumerate(zip(before["events"], after["events"], strict=True)):
        assert old == new == {"x": pytest.approx(n / 10), "x_user_setpoint": n / 10, "y": pytest.approx(n / 20)}
    assert before["hints"] == after["hints"] == {"x": ["x"], "y": ["y"]}
    assert {name: key[1] for name, key in before["keys"].items()} == {
        name: key[1] for name, key in after["keys"].items()
    }
    assert before["keys"]["x"][0] == f"PV:{x}.RBV"
    assert after["keys"]["x"][0] == f"ca://{x}.RBV"
    assert before["configuration"]["x"] | {"x_user_offset_dir": "Pos"} == after["configuration"]["x"]
    assert before["configuration"]["x"]["x_user_offset_dir"] == 0
    assert before["configuration"]["y"] == after["configuration"]["y"]


class Commands:
    """Commands of ophyd-decl on hosted devices, each in a process of its own."""

    def __init__(self, lab: Ioc, server: Motors) -> None:
        sets = {"io": lab.prefix, "x": server.take(), "y": server.take()}
        self._sets = [part for name, value in sets.items() for part in ("--set", f"vars.{name}={value}")]

    def program(self, name: str, *arguments: str) -> tuple[str, list[str]]:
        """Return the text of a program, and its arguments."""
        names, options = ([name, arguments[0]], arguments[1:]) if name == "settings" else ([name], arguments)
        told = [*names, str(HERE / "looked_at.yaml"), *options, *self._sets]
        return "from ophyd_decl.cli import main; main()", told

    def call(self, name: str, *arguments: str) -> tuple[int, str, str]:
        """Run one; return its exit code, its answer, and what it says of errors."""
        program, told = self.program(name, *arguments)
        done = run(program, *told)
        return done.returncode, done.stdout, done.stderr

    def json(self, name: str, *arguments: str) -> Any:
        """Return what a command answers that must end well."""
        code, output, errors = self.call(name, *arguments, "--format", "json")
        assert (code, errors) == (0, ""), errors
        return json.loads(output)


@pytest.fixture
def commands(lab: Ioc, server: Motors) -> Commands:
    return Commands(lab, server)


def test_read_knows_hosted_devices_and_what_is_in_them(commands: Commands) -> None:
    wanted = ("x", "y", "x.velocity", "supply.current", "value", "gauge.*")
    readings = commands.json("read", *wanted)["readings"]
    range_v = readings[-1]["value"]  # others set it
    assert {one["path"]: (one["name"], one["value"], one["units"]) for one in readings} == {
        "x": ("x", 0.0, "mm"),
        "y": ("y", 0.0, "mm"),
        "x.velocity": ("x_velocity", 2.0, "mm/sec"),
        "supply.current": ("supply_current", 1.5, "mbar"),
        "value": ("value", 1.5, "mbar"),
        "gauge.pressure": ("gauge-pressure", 1.5, "mbar"),
        "gauge.range": ("gauge-range", range_v, "V"),
    }
    severities = {one["path"]: one["alarm_severity"] for one in readings}
    assert severities["x"] is None, "ophyd tells none"
    assert severities["y"] == severities["value"] == 0


def test_read_of_a_hosted_device_in_trouble_says_why_and_gives_the_others(commands: Commands) -> None:
    code, output, errors = commands.call("read", "broken", "half.there", "half.missing", "value", "--timeout", "3")
    assert code == 3, errors
    assert [line.split()[0] for line in output.splitlines()] == ["half.there", "value"]
    assert "error: broken (lab_ophyd:Broken): the Python class lab_ophyd:Broken raised RuntimeError" in errors
    assert re.search(r"error: half\.missing \(ca://.*no_such_pv\): NotConnectedError.*looked_at\.yaml:12:3", errors)
    code, _, errors = commands.call("read", "broken.there")
    assert code == 3
    assert "no licence" in errors
    code, _, errors = commands.call("read", "gauge.nothing")
    assert code == 2
    assert "'gauge.nothing' names nothing" in errors
    code, _, errors = commands.call("read", "gauge.pressure", "--read-only")
    assert code == 3
    assert "is not made in read-only mode" in errors


def test_set_sets_and_moves_hosted_devices_and_says_what_their_library_refuses(commands: Commands) -> None:
    commands.json("set", "supply.voltage=2.5")
    changes = commands.json("set", "x=0.2", "y=0.1", "supply.voltage=3.5", "x.user_offset_dir=Neg")["changes"]
    assert {one["path"]: (one["before"], one["after"]) for one in changes} == {
        "x": (0.0, pytest.approx(-0.2)),  # it is read when all are set
        "y": (0.0, pytest.approx(0.1)),
        "supply.voltage": (2.5, 3.5),
        "x.user_offset_dir": (0, 1),
    }
    assert commands.json("set", "x.user_offset_dir=Pos", "supply.voltage=2.5")
    for assignment, code, said in (
        ("x=99", 3, "error: x: LimitError: "),
        ("y=99", 3, "error: y: MotorLimitsError: "),
        ("x=far", 2, "x: a number is needed, not 'far'"),
        ("gauge=1", 2, "gauge is nothing that can be set"),
    ):
        found, _, errors = commands.call("set", assignment)
        assert (found, said in errors) == (code, True), errors


@pytest.mark.parametrize("axis", ["x", "y"])
def test_set_of_a_hosted_device_stops_it_at_its_timeout_and_at_ctrl_c(commands: Commands, axis: str) -> None:
    code, _, errors = commands.call("set", f"{axis}=20", "--timeout", "1")
    assert code == 3
    assert f"error: {axis}: it did not end within 1 s; it was stopped" in errors
    stopped = commands.json("read", axis)["readings"][0]["value"]
    assert 0 < stopped < 19
    program, told = commands.program("set", f"{axis}=20")
    moving = start(program, *told)
    program, told = commands.program("watch", axis, "--format", "json")
    watching = start(program, *told)
    assert watching.stdout is not None
    for line in watching.stdout:
        if json.loads(line)["value"] > stopped + 0.5:
            break
    for process in (moving, watching):
        process.send_signal(signal.SIGINT)
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in (moving, watching)]
    for errors, code in ended:
        assert code == 130, errors
        assert "Traceback" not in errors
    first, second = (commands.json("read", axis)["readings"][0]["value"] for _ in range(2))
    assert stopped + 0.5 < first < 19
    assert first == second


def test_watch_shows_hosted_signals_beside_native_ones(commands: Commands) -> None:
    code, output, errors = commands.call("watch", "x", "gauge.pressure", "value", "--count", "3", "--format", "json")
    assert code == 0, errors
    seen = {reading["path"]: reading["value"] for reading in map(json.loads, output.splitlines())}
    assert seen == {"x": 0.0, "gauge.pressure": 1.5, "value": 1.5}


def test_settings_say_that_those_of_hosted_devices_are_not_saved(commands: Commands, tmp_path: Path) -> None:
    file = tmp_path / "saved.yaml"
    code, _, errors = commands.call("settings", "save", str(file), "gauge", "setting")
    assert code == 0, errors
    assert errors == "warning: gauge is of a Python class; its settings are not saved\n"
    assert "setting" in file.read_text()
    code, _, errors = commands.call("settings", "save", str(file), "gauge")
    assert code == 2
    assert "nothing but devices of Python classes" in errors
    code, _, errors = commands.call("settings", "restore", str(file), "gauge")
    assert code == 1
    assert "no settings of `gauge`" in errors
