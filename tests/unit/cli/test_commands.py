"""The commands on a beamline of soft signals, in this process."""

import asyncio
import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from ophyd_decl.cli.group import COMMANDS, main
from tests.pace import within

Call = Callable[..., Result]
Start = Callable[..., Any]
PATHS = ["x", "x.setpoint", "y", "y.setpoint", "counter", "counter.width", "counter.counts"]


def with_those_below(command: click.Command | None) -> list[click.Command]:
    """Return a command, and the commands of which it is a group."""
    assert command is not None
    return [command, *(command.commands.values() if isinstance(command, click.Group) else ())]


def examples() -> list[str]:
    """Return the example lines of every `--help`."""
    context = click.Context(main)
    lines = [
        line.strip()
        for name in COMMANDS
        for command in with_those_below(main.get_command(context, name))
        for line in (command.epilog or "").splitlines()
        if line.strip().startswith("ophyd-decl ")
    ]
    # Those of `introspect` need a server: tests/contract/test_introspect.py runs them.
    others = ("ophyd-decl demo", "ophyd-decl introspect", "ophyd-decl watch beamlines/i99 x y")
    return [line for line in lines if not line.startswith(others)]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example(call: Call, name: str) -> None:
    done = call(name, "--help")
    assert done.exit_code == 0
    assert f"  ophyd-decl {name}" in done.stdout
    for option in ("--version", "--verbose", "--debug", "--help"):
        assert option in done.stdout


@pytest.mark.parametrize("line", examples())
def test_the_examples_run(call: Call, beamline: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TANGO_HOST", raising=False)  # tests of Tango give one where nothing listens
    arguments = shlex.split(line)[1:]
    Path("ioc").mkdir()
    Path("ioc/camera.db").write_text('record(bo, "$(P)acquire") {}')
    Path("ioc/motors.substitutions").write_text('file "camera.db" { {P="BL99I:"} }')
    if arguments[0] == "settings":
        assert call("settings", "save", beamline, "i99_settings.yaml").exit_code == 0
    if arguments[0] == "init":
        arguments.append("--force")
    if arguments[0] == "stubs" and "--check" in arguments:
        assert call("stubs", beamline).exit_code == 0
    done = call(*arguments)
    assert done.exit_code == 0, done.output
    if "json" in arguments and arguments[0] != "watch":
        json.loads(done.stdout)


def test_usage_errors_exit_with_2(call: Call, beamline: str) -> None:
    assert call("vallidate").exit_code == 2
    assert "validate" in call("vallidate").stderr
    assert call("validate").exit_code == 2
    assert call("read", beamline).exit_code == 2
    assert call("read", beamline, "x", "--timeout", "-1").exit_code == 2
    unknown = call("explain", "E999")
    assert unknown.exit_code == 2
    assert "there is no code 'E999'; `ophyd-decl explain` lists all" in unknown.stderr
    assert "did you mean `E110`?" in call("explain", "E1100").stderr
    assert call("explain", "error[E110]:").stdout == call("explain", "e110").stdout
    assert call("set", beamline, "x").exit_code == 2
    assert call("validate", beamline, "--set", "nothing").exit_code == 2


def test_validate_says_what_was_checked(call: Call, beamline: str) -> None:
    assert call("validate", beamline).stdout == "valid: 3 devices, 4 signals\n"
    answer = json.loads(call("validate", beamline, "--format", "json").stdout)
    assert answer == {
        "schema": 1,
        "valid": True,
        "device_count": 3,
        "signal_count": 4,
        "truncated": False,
        "diagnostics": [],
    }


def test_a_wrong_file_exits_with_1_in_every_command(call: Call, beamline: str) -> None:
    file = Path(beamline, "beamline.yaml")
    file.write_text(file.read_text().replace("labels:", "lables:", 1))
    for arguments in (["validate"], ["tree"], ["connect"], ["read", "x"], ["set", "x=1"], ["watch", "x"]):
        done = call(arguments[0], beamline, *arguments[1:])
        assert done.exit_code == 1
        assert "error[E110]: unknown key `lables`" in done.output
        assert " --> beamlines/i99/beamline.yaml:13:" in done.output
        assert "Traceback" not in done.output
    answer = json.loads(call("validate", beamline, "--format", "json").stdout)
    assert answer["diagnostics"][0]["file"] == "beamlines/i99/beamline.yaml"
    github = call("validate", beamline, "--format", "github").stdout
    assert github.startswith("::error file=beamlines/i99/beamline.yaml,line=13,")


@pytest.mark.parametrize("path", ["nowhere", "nowhere.yaml", "empty"])
def test_a_path_that_is_no_beamline_exits_with_1(call: Call, beamline: str, path: str) -> None:
    Path("empty").mkdir()
    done = call("validate", path)
    assert done.exit_code == 1
    assert "error[E100]" in done.stdout


def test_strict_counts_warnings(call: Call, beamline: str) -> None:
    file = Path(beamline, "beamline.yaml")
    file.write_text(file.read_text() + "  i0: {type: signal, pv: BL99I:I0, dtype: float}\n")
    assert call("validate", beamline).exit_code == 0
    assert "warning[E106]" in call("validate", beamline).stdout
    assert call("validate", beamline, "--strict").exit_code == 1


def test_tree_equals_describe_of_the_mock(call: Call, beamline: str) -> None:
    from ophyd_decl import load_beamline

    nodes = {node["path"]: node for node in json.loads(call("tree", beamline, "--format", "json").stdout)["nodes"]}
    assert list(nodes) == PATHS
    loaded = load_beamline(beamline)

    async def describe() -> dict[str, dict[str, Any]]:
        await loaded.aconnect(mock=True)
        described: dict[str, dict[str, Any]] = {}
        for signal in (loaded.x.setpoint, loaded.counter.width, loaded.counter.counts):
            described.update(await signal.describe())
        await loaded.aclose()
        return described

    keys = asyncio.run(describe())
    for path in ("x.setpoint", "counter.width", "counter.counts"):
        node = nodes[path]
        key = keys[node["name"]]
        assert node["source"] == key["source"].removeprefix("mock+")
        for field in ("dtype", "shape", "dtype_numpy"):
            assert node[field] == key[field]
        assert node["units"] == key.get("units")
    assert nodes["x"]["labels"] == ["motors"]
    assert "Movable" in nodes["x"]["protocols"]
    assert nodes["x"]["file"] == "beamlines/i99/beamline.yaml"
    assert "Movable" not in nodes["counter"]["protocols"]
    assert nodes["x.setpoint"]["name"] == "x"
    text = call("tree", beamline).stdout
    assert re.search(r"^  width +float +rw +config +soft://counter-width +mm$", text, re.MULTILINE)


def test_connect_reports_every_device(call: Call, beamline: str) -> None:
    done = call("connect", beamline)
    assert done.exit_code == 0
    assert [line.split()[:2] for line in done.stdout.splitlines()[:3]] == [
        ["connected", "x"],
        ["connected", "y"],
        ["connected", "counter"],
    ]
    assert "all is well" in done.stdout.splitlines()[-1]
    answer = json.loads(call("connect", beamline, "--only", "label:motors", "--format", "json").stdout)
    assert answer["ok"]
    assert [device["name"] for device in answer["devices"]] == ["x", "y"]


def test_read_gives_value_unit_and_time(call: Call, beamline: str) -> None:
    done = call("read", beamline, "x", "counter", "--format", "json")
    readings = {reading["path"]: reading for reading in json.loads(done.stdout)["readings"]}
    assert list(readings) == ["x", "counter.width", "counter.counts"]
    assert readings["counter.width"]["value"] == 2.0
    assert readings["counter.width"]["units"] == "mm"
    assert readings["x"]["name"] == "x"
    assert set(readings["x"]) == {"path", "name", "value", "timestamp", "alarm_severity", "units"}
    text = call("read", beamline, "counter.width").stdout
    assert re.match(r"counter\.width  2 mm +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$", text.strip())


def test_an_unknown_signal_gets_a_suggestion(call: Call, beamline: str) -> None:
    done = call("read", beamline, "counter.widht")
    assert done.exit_code == 2
    assert "counter.width" in done.stderr


def test_set_shows_before_and_after(call: Call, beamline: str) -> None:
    done = call("set", beamline, "x=1.5", "counter.width=3")
    assert done.exit_code == 0
    assert done.stdout == "x              before 0 mm  after 1.5 mm\ncounter.width  before 2 mm  after 3 mm\n"
    answer = json.loads(call("set", beamline, "x=1.5", "--format", "json").stdout)
    assert answer["changes"] == [{"path": "x", "name": "x", "before": 0.0, "after": 1.5, "units": "mm"}]


def test_set_refuses_before_anything_is_sent(call: Call, beamline: str) -> None:
    done = call("set", beamline, "y=2", "x=11")
    assert done.exit_code == 3
    assert "outside the limits [-10" in done.stderr
    assert "before" not in done.stdout
    for wrong in ("x=far", "counter.counts=1", "counter=1", "counter.width=wide", "*=1"):
        done = call("set", beamline, wrong)
        assert done.exit_code in (2, 3), wrong
        assert "Traceback" not in done.output


def test_a_value_that_the_dtype_does_not_hold_is_a_mistake_of_the_call(call: Call, beamline: str) -> None:
    file = Path(beamline, "beamline.yaml")
    file.write_text(
        file.read_text() + "  all:\n    type: group\n    signals:\n"
        "      n: {soft: 1, dtype: int, access: rw}\n"
        "      small: {soft: 1, dtype: int8, access: rw}\n"
        "      mode: {soft: A, dtype: enum, choices: [A, B], access: rw}\n"
        "      pair: {soft: [1.0, 2.0], dtype: float64, shape: [2], access: rw}\n"
    )
    said = {
        "all.n=abc": "a whole number is needed, not 'abc'",
        "all.small=1000": "(-128 to 127)",
        "all.mode=C": "not one of the labels",
        "all.pair=[1, 2, 3]": "expected",
        'all.pair=["a"]': "expected",
        "x=far": "neither a number nor a named position",
    }
    for wrong, words in said.items():
        done = call("set", beamline, "counter.width=3", wrong)
        assert done.exit_code == 2, (wrong, done.output)
        assert words in done.stderr, wrong
        assert "SIGNAL=VALUE" in done.stderr


def test_set_of_what_is_read_only_names_what_can_be_set(call: Call, beamline: str) -> None:
    file = Path(beamline, "types.yaml")
    text = file.read_text().replace("    logic:", "      readback: {soft: 0.0, dtype: float, units: mm}\n    logic:")
    file.write_text(text.replace("setpoint: setpoint}", "setpoint: setpoint, readback: readback}"))
    done = call("set", beamline, "x.readback=1")
    assert done.exit_code == 2
    assert "x.readback is declared `access: r`; set `x` instead" in done.stderr


def test_set_says_how_it_is_called_and_what_executes_a_command(call: Call, beamline: str) -> None:
    file = Path(beamline, "beamline.yaml")
    file.write_text(
        file.read_text()
        + '  reset: {type: group, commands: {now: {pv: "X:RESET"}}}\n'
        + "  supply: {type: tango.device, trl: a/b/c, commands: {load: {cmd: Load, arg: float}}}\n"
    )
    assert "'x' is not SIGNAL=VALUE" in call("set", beamline, "x").stderr
    done = call("set", beamline, "reset.now=1")
    assert done.exit_code == 2
    assert "reset.now is a command; a plan executes it: `yield from bps.trigger(reset.now, wait=True)`" in done.stderr
    done = call("set", beamline, "supply.load=1")
    assert done.exit_code == 2
    execute = "`yield from bps.wait_for([lambda: supply.load.execute(VALUE)])`"
    assert f"supply.load is a command with an argument; a plan executes it: {execute}" in done.stderr


def test_what_init_says_of_python_is_run_as_it_stands(call: Call, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        lines = call("init", "i99").stdout.partition("In Python:\n")[2]
        program = textwrap.dedent(lines) + "\nprint(beamline.x.setpoint.get())"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "0.0\n"), done.stderr


def test_init_replaces_nothing_unless_forced(call: Call, beamline: str) -> None:
    Path(beamline, "types.yaml").write_text("mine\n")
    done = call("init", beamline)
    assert done.exit_code == 2
    assert Path(beamline, "types.yaml").read_text() == "mine\n"
    assert call("init", beamline, "--force").exit_code == 0
    assert "axis" in Path(beamline, "types.yaml").read_text()
    assert {path.name for path in Path(beamline).iterdir()} == {
        "__init__.py", "beamline.yaml", "types.yaml", "schemas",
    }  # fmt: skip
    assert call("init", "beam-line").exit_code == 2
    assert call("init", "class").exit_code == 2


def test_a_new_beamline_scans(beamline: str, RE: Any) -> None:
    from bluesky.plans import grid_scan

    from ophyd_decl import load_beamline

    loaded = load_beamline(beamline)
    documents: list[tuple[str, dict]] = []
    try:
        loaded.connect().or_raise()
        RE(grid_scan([loaded.counter], loaded.x, -1, 1, 3, loaded.y, -1, 1, 3), lambda *item: documents.append(item))
    finally:
        loaded.close()
    events = [document["data"] for name, document in documents if name == "event"]
    assert len(events) == 9
    peak = max(events, key=lambda data: data["counter-counts"])
    assert (peak["x"], peak["y"], peak["counter-counts"]) == (1.0, -1.0, 1000.0)


def test_watch_prints_every_change_and_ctrl_c_ends_it(beamline: str, start: Start) -> None:
    watching = start("watch", beamline, "x", "counter", "--format", "json")
    assert watching.process.stdout is not None
    lines = [json.loads(watching.process.stdout.readline()) for _ in range(3)]
    assert {line["path"] for line in lines} == {"x", "counter.width", "counter.counts"}
    with within(2.0):
        assert watching.interrupt() == 130
    assert watching.process.stderr is not None
    assert "Traceback" not in watching.process.stderr.read()


def test_debug_shows_the_traceback(call: Call, beamline: str) -> None:
    Path(beamline, "beamline.yaml").write_text("devices: [")
    assert "Traceback" not in call("tree", beamline).output
    assert "Traceback" in call("tree", beamline, "--debug").output


def test_output_to_a_closed_pipe_is_no_error(beamline: str, start: Start) -> None:
    listing = start("tree", beamline)
    assert listing.process.stdout is not None
    listing.process.stdout.close()
    assert listing.process.wait(20) == 0
    listing.process.stdout = None


@pytest.mark.parametrize(("command", "after"), [("read", ""), ("watch", ""), ("set", "=")])
def test_the_shell_completes_paths(beamline: str, command: str, after: str) -> None:
    from click.shell_completion import BashComplete

    complete = BashComplete(main, {}, "ophyd-decl", "_OPHYD_DECL_COMPLETE")
    found = [item.value for item in complete.get_completions([command, beamline], "")]
    assert found == [path + after for path in PATHS]
    assert [item.value for item in complete.get_completions([command, beamline], "counter.w")] == [PATHS[-2] + after]


def test_help_says_what_each_command_does_and_where_to_begin(call: Call) -> None:
    done = call("--help")
    assert done.exit_code == 0
    assert "..." not in done.stdout.partition("Commands:")[2]
    assert "  ophyd-decl validate " in done.stdout
    words = " ".join(done.stdout.split())
    assert "Connect every device, compare the servers with the files, and report what differs or is absent." in words
    assert "Exit codes: 0 fine, 1 the files are wrong or a comparison found a difference" in words


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("connect", "--only", "xx"), "Invalid value for --only: 'xx' names nothing"),
        (("read", "cuonter.*"), "'cuonter.*' names nothing; there are the devices x, y, counter"),
        (("read", "label:motor"), "'label:motor' names nothing; there are the labels detectors, motors"),
        (("settings", "save", "s.yaml", "label:motor"), "Invalid value for SELECTOR: 'label:motor' names nothing"),
    ],
)
def test_a_selector_that_names_nothing_is_told_what_there_is(
    call: Call, beamline: str, arguments: tuple[str, ...], said: str
) -> None:
    words = list(arguments)
    words.insert(2 if words[0] == "settings" else 1, beamline)
    done = call(*words)
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
@pytest.mark.parametrize("command", [("validate",), ("connect",), ("tree",)])
def test_colours_are_for_terminals_that_want_them(
    beamline: str,
    on_a_terminal: Callable[..., str],
    command: tuple[str, ...],
    variables: dict[str, str],
    coloured: bool,
) -> None:
    if command != ("connect",):
        file = Path(beamline, "beamline.yaml")
        file.write_text(file.read_text().replace("devices:", "devcies:"))
    output = on_a_terminal({"TERM": "xterm", **variables}, *command, beamline)
    assert "E110" in output or "connected" in output
    assert ("\x1b[3" in output or "\x1b[1;3" in output) is coloured
