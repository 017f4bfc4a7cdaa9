"""The commands against the demo's control system, each in a process of its own."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ophyd_decl.sim.environment import environment
from ophyd_decl.sim.launch import DemoServer
from ophyd_decl.sim.ports import PortClaim
from tests.pace import within

ROOT = Path(__file__).parents[3]
DEMO = "beamlines/demo"


class Commands:
    """Calls commands that find one server, and nothing else."""

    def __init__(self, environment: dict[str, str]) -> None:
        others = {name: value for name, value in os.environ.items() if not name.startswith(("EPICS_", "TANGO_"))}
        self._environment = {**others, **environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}

    def set(self, variable: str, value: str) -> None:
        self._environment[variable] = value

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "ophyd_decl.cli", *arguments],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(velocity=2.0) as running:
        yield running


@pytest.fixture
def commands(server: DemoServer) -> Commands:
    return Commands(server.environment)


@pytest.fixture
def nobody() -> Iterator[Commands]:
    """Return commands that find no server."""
    claim = PortClaim()
    yield Commands(environment(claim.ports.ca, claim.ports.pva))
    claim.release()


def test_connect_names_every_device(commands: Commands) -> None:
    code, output, errors = commands.call("connect", DEMO, "--format", "json")
    assert code == 0, errors
    answer = json.loads(output)
    assert answer["ok"]
    assert answer["connected"] == answer["signals"] > 20
    assert {device["state"] for device in answer["devices"]} == {"connected"}
    assert [device["problems"] for device in answer["devices"]] == [[], [], [], []]
    assert answer["devices"][0]["file"] == "beamlines/demo/beamline.yaml"


def test_connect_without_a_server_exits_with_3(nobody: Commands) -> None:
    code, output, errors = nobody.call("connect", DEMO, "--timeout", "1", "--format", "json")
    assert code == 3, errors
    states = {device["name"]: device["state"] for device in json.loads(output)["devices"]}
    assert states == {"stage": "absent", "pdet": "absent", "mono": "absent", "sample": "connected"}
    code, output, errors = nobody.call("connect", DEMO, "--timeout", "1")
    assert code == 3
    assert re.search(r"^absent +pdet +demo\.point_detector +0/10 +beamlines/demo/beamline\.yaml:\d+:3$", output, re.M)
    assert "error[E61" in output
    assert output.splitlines()[-1].endswith("3 required devices not usable: stage, pdet, mono")


def test_connect_compares_absent_names_with_the_files_of_an_ioc(nobody: Commands, tmp_path: Path) -> None:
    file = tmp_path / "detector.db"
    file.write_text('record(bi, "$(P)DET:Acquiring") {}\nrecord(bo, "$(P)DET:Strat") {}\n')
    arguments = ("connect", DEMO, "--timeout", "0.5", "--only", "pdet", "--format", "json", "--db")
    code, output, errors = nobody.call(*arguments, f"{file},P=DEMO:")
    assert (code, errors) == (3, "")
    helps = {one["source"]: one["help"] for one in json.loads(output)["devices"][0]["problems"]}
    assert helps["pva://DEMO:DET:Acquiring"].startswith(f"{file}:1 has it: ")
    assert helps["pva://DEMO:DET:Start.PROC"] == f"did you mean `DEMO:DET:Strat.PROC`? {file}:2 has it"
    _, _, errors = nobody.call(*arguments, str(file))
    assert errors == f"warning: {file}: no value for the macros of $(P)DET:Acquiring; write {file},NAME=VALUE\n"
    code, _, errors = nobody.call(*arguments, str(tmp_path / "nowhere.db"))
    assert code == 2
    assert "nowhere.db" in errors


def test_doctor_says_which_servers_answer(commands: Commands, server: DemoServer) -> None:
    code, output, errors = commands.call("doctor", DEMO, "--format", "json")
    assert code == 0, output + errors
    answer = json.loads(output)
    assert answer["ok"]
    assert [section["name"] for section in answer["sections"]][:3] == ["python", "ca", "pva"]
    ca, pva = answer["servers"]
    assert (ca["protocol"], pva["protocol"]) == ("ca", "pva")
    assert ca["host"].endswith(":" + server.environment["EPICS_CA_SERVER_PORT"])
    assert ca["answered"] is pva["answered"] is True
    assert min(ca["addresses"], pva["addresses"]) > 3
    assert 0 < ca["round_trip_s"] < 5
    assert 0 < pva["round_trip_s"] < 5
    code, output, errors = commands.call("doctor", DEMO)
    assert code == 0, errors
    assert re.search(
        rf"^  ca  {re.escape(ca['host'].rpartition(':')[0])}:\d+  \d+ addresses  a read takes", output, re.M
    )
    assert output.splitlines()[-1] == "all is well"


def test_doctor_exits_with_3_for_what_does_not_answer_and_with_1_for_what_is_wrong(nobody: Commands) -> None:
    code, output, errors = nobody.call("doctor", DEMO, "--timeout", "0.5", "--format", "json")
    assert code == 3, output + errors
    answer = json.loads(output)
    assert not answer["ok"]
    assert {server["protocol"]: server["answered"] for server in answer["servers"]} == {"ca": False, "pva": False}
    code, output, _ = nobody.call("doctor", DEMO, "--timeout", "0.5")
    assert code == 3
    assert re.search(r"^  ca  no answer  \d+ addresses, such as ca://DEMO:", output, re.M)
    assert re.search(r"^\d+ addresses do not answer; ", output.splitlines()[-1])
    code, output, _ = nobody.call("doctor")
    assert code == 0
    nobody.set("EPICS_CA_NAME_SERVERS", "127.0.0.1:1")
    assert nobody.call("doctor")[0] == 0
    assert nobody.call("doctor", "--strict")[0] == 1
    nobody.set("EPICS_CA_SERVER_PORT", "none")
    code, output, _ = nobody.call("doctor")
    assert code == 1
    assert "error: EPICS_CA_SERVER_PORT=none is no port" in output


def test_read_and_set_without_a_server_exit_with_3(nobody: Commands) -> None:
    code, output, errors = nobody.call("read", DEMO, "stage.x", "sample.thickness", "--timeout", "1")
    assert code == 3
    assert output.startswith("sample.thickness  1 mm")
    assert "error: stage.x.user_readback (ca://DEMO:STAGE:X.RBV)" in errors
    helped = "  = help: is the server running, and the name right? Names are searched at EPICS_CA_ADDR_LIST=127.0.0.1"
    assert errors.splitlines()[-1].startswith(helped)
    for command in ("read", "watch"):
        code, output, errors = nobody.call(command, DEMO, "stage.x", "stage.y", "--timeout", "1")
        assert (code, output) == (3, "")
        assert [line[:7] for line in errors.splitlines()] == ["error: ", "error: ", "  = hel"]
    code, output, errors = nobody.call("set", DEMO, "pdet.acquire_time=1")
    assert code == 3
    assert "pdet.acquire_time (pva://DEMO:DET:AcquireTime" in errors
    assert errors.count("  = help: is the server running") == 1


def test_set_moves_and_read_shows_it(commands: Commands) -> None:
    code, output, errors = commands.call("set", DEMO, "stage.x=1.5", "--format", "json")
    assert code == 0, errors
    (change,) = json.loads(output)["changes"]
    assert change["after"] == pytest.approx(1.5, abs=0.01)
    assert change["units"] == "mm"
    code, output, errors = commands.call("read", DEMO, "stage.x", "pdet.channel.1.mode", "--format", "json")
    assert code == 0, errors
    position, mode = json.loads(output)["readings"]
    assert (position["path"], position["name"]) == ("stage.x", "stage-x")
    assert position["value"] == pytest.approx(1.5, abs=0.01)
    assert mode["value"] == "Low Energy"


def test_set_of_a_derived_energy_moves_the_angle(commands: Commands) -> None:
    code, output, errors = commands.call("set", DEMO, "mono=12", "--format", "json")
    assert code == 0, errors
    assert json.loads(output)["changes"][0]["after"] == pytest.approx(12, abs=0.01)


def test_set_outside_limits_is_refused(commands: Commands) -> None:
    code, _, errors = commands.call("set", DEMO, "pdet.acquire_time=100")
    assert code == 3
    assert "outside the limits [0.001, 60" in errors
    code, _, errors = commands.call("set", DEMO, "stage.x=1000")
    assert code == 3
    assert "outside the limits [-25" in errors
    assert "(DRVL and DRVH, of a motor LLM and HLM, " in errors


def test_ctrl_c_stops_what_moves(commands: Commands) -> None:
    assert commands.call("set", DEMO, "stage.y=0")[0] == 0
    moving = commands.start("set", DEMO, "stage.y=20")
    watching = commands.start("watch", DEMO, "stage.y", "--format", "json")
    assert watching.stdout is not None
    for line in watching.stdout:
        if json.loads(line)["value"] > 1:
            break
    with within(2.0):
        for process in (moving, watching):
            process.send_signal(signal.SIGINT)
        ended = [(process.communicate(timeout=20)[1], process.returncode) for process in (moving, watching)]
    for errors, code in ended:
        assert code == 130, errors
        assert "Traceback" not in errors
    first, second = (
        json.loads(commands.call("read", DEMO, "stage.y", "--format", "json")[1])["readings"][0]["value"]
        for _ in range(2)
    )
    assert 1 < first < 19
    assert first == second


def test_wait_goes_on_until_the_server_is_there() -> None:
    claim = PortClaim()
    commands = Commands(environment(claim.ports.ca, claim.ports.pva))
    code, output, _ = commands.call("connect", DEMO, "--timeout", "0.5")
    assert code == 3
    waiting = commands.start("connect", DEMO, "--timeout", "0.5", "--wait")
    with DemoServer(ports=claim.ports):
        output, errors = waiting.communicate(timeout=60)
    claim.release()
    assert waiting.returncode == 0, output + errors
    assert "all is well" in output


def test_whoever_stops_to_wait_sees_for_what() -> None:
    claim = PortClaim()
    commands = Commands(environment(claim.ports.ca, claim.ports.pva))
    waiting = commands.start("connect", DEMO, "--timeout", "0.5", "--wait")
    deadline = time.monotonic() + 60
    while not any(comm.read_text().startswith("CAC") for comm in Path(f"/proc/{waiting.pid}/task").glob("*/comm")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(1)  # it searches, and time-out was twice that short
    waiting.send_signal(signal.SIGINT)
    output, errors = waiting.communicate(timeout=20)
    claim.release()
    assert waiting.returncode == 130, output + errors
    assert re.search(r"^absent +stage ", output, re.M), output
    assert "Traceback" not in errors


def test_connect_shows_both_sides_of_a_difference(commands: Commands, tmp_path: Path) -> None:
    shutil.copytree(ROOT / DEMO, tmp_path / "demo")
    types = tmp_path / "demo" / "types.yaml"
    text = types.read_text(encoding="utf-8")
    assert "[Low Energy, High Energy]" in text
    text = text.replace("[Low Energy, High Energy]", "[Low, High]").replace("units: s, limits", "units: ms, limits")
    types.write_text(text, encoding="utf-8")
    code, output, errors = commands.call("connect", str(tmp_path / "demo"), "--only", "pdet")
    assert code == 3, errors
    assert re.search(r"^mismatch +pdet ", output, re.M)
    assert "error[E620]" in output
    assert "Low, High" in output
    assert "Low Energy" in output
    assert "pdet.channel.1.mode (pva://DEMO:DET:1:Mode)" in output
    assert "error[E623]: units differ: the file says ms, the server s" in output
    code, _, errors = commands.call("set", str(tmp_path / "demo"), "pdet.acquire_time=1")
    assert code == 3
    assert "units differ; nothing was sent" in errors
