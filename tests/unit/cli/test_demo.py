"""`demo`, in a process of its own: what it shows, and that it leaves nothing behind however it ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from ophyd_decl.sim import pattern
from ophyd_decl.sim.environment import environment
from ophyd_decl.sim.ports import Ports, is_free, taken
from tests.pace import within

ROOT = Path(__file__).parents[3]
#: Long enough for a slow machine, far below what hangs.
LONG_S = 90.0
#: The header of the live table, and its rows for a scan of 4 × 4 points, whatever the protocol; without the times.
ROWS = [
    ["seq_num", "stage-x", "stage-y", *(f"pdet-channel-{number}-value" for number in (1, 2, 3))],
    *(
        [
            str(number),
            f"{x:.3f}",
            f"{y:.3f}",
            *(str(pattern.counts(x, y, channel, False, 0.05)) for channel in (1, 2, 3)),
        ]
        for number, (x, y) in enumerate(product(np.linspace(-2, 2, 4), repeat=2), 1)
    ),
]
PNG = b"\x89PNG\r\n\x1a\n"


class Demo:
    """A running demo, its folder and its temporary folder."""

    def __init__(self, folder: Path, *options: str, cwd: Path | None = None) -> None:
        self.on_tango = "--tango" in options
        self.folder = folder / "here"
        self.temporary = folder / "temporary"
        self.folder.mkdir()
        self.temporary.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ophyd_decl.cli", "demo", *options],
            cwd=cwd or self.folder,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("EPICS_")},
                "PYTHONPATH": str(ROOT),
                "PYTHONUNBUFFERED": "1",
                "TMPDIR": str(self.temporary),
                "MPLBACKEND": "agg",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self.servers: list[psutil.Process] = []

    def read_until(self, text: str) -> None:
        """Read the output up to a line that holds a text."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if text in line:
                break
        else:
            pytest.fail(f"no {text!r} in {self.lines} {self.process.communicate()}")
        self.servers = psutil.Process(self.process.pid).children(recursive=True)

    @cached_property
    def _told(self) -> list[str]:
        """Return what the server was told."""
        program = "ophyd_decl.sim.tango_server" if self.on_tango else "ophyd_decl.sim.server"
        (told,) = [words for child in self.servers if program in (words := child.cmdline())]
        return told

    def port(self, option: str) -> int:
        """Return a port of the server."""
        return int(self._told[self._told.index(option) + 1])

    @property
    def taken(self) -> list[int]:
        """Return those ports of the server that are in use."""
        if self.on_tango:
            return [port for port in (self.port("--port"),) if not is_free(port)]
        return taken(Ports(ca=self.port("--ca-port"), pva=self.port("--pva-port")))

    @property
    def rows(self) -> list[list[str]]:
        """Return what the live table shows, without the times."""
        rows = [line.strip("|").split("|") for line in self.lines if line.startswith("|")]
        return [[cell.strip() for place, cell in enumerate(row) if place != 1] for row in rows]

    def end(self, timeout_s: float = LONG_S) -> tuple[int, str]:
        """Wait for its end; return the exit code and what it wrote to standard error."""
        output, errors = self.process.communicate(timeout=timeout_s)
        self.lines.extend(output.splitlines())
        return self.process.returncode, errors

    def nothing_is_left(self) -> None:
        """Check that every process and temporary file has gone."""
        _, alive = psutil.wait_procs(self.servers, timeout=5)
        assert not alive
        assert self.taken == []
        assert list(self.temporary.iterdir()) == []


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Start a demo; it and its server are gone after the test."""
    started: list[Demo] = []

    def start(*options: str, cwd: Path | None = None) -> Demo:
        started.append(Demo(tmp_path, *options, cwd=cwd))
        return started[-1]

    yield start
    for running in started:
        for process in [running.process, *running.servers]:
            if isinstance(process, subprocess.Popen):
                if process.poll() is None:
                    process.kill()
                process.communicate()
            elif process.is_running():
                process.kill()


@pytest.fixture(params=[(), ("--tango",)], ids=["epics", "tango"])
def protocol(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Return the options for a protocol."""
    return request.param


def test_the_whole_way(demo: Callable[..., Demo], protocol: tuple[str, ...]) -> None:
    running = demo(*protocol, "--points", "4")
    running.read_until("Scanning")
    assert running.taken
    code, errors = running.end()
    assert code == 0, errors
    assert errors == ""
    picture = Path(running.lines[-1])
    assert picture.is_absolute()
    assert picture.read_bytes().startswith(PNG)
    assert [path.name for path in running.folder.iterdir()] == [picture.name]
    assert running.rows == ROWS
    running.nothing_is_left()


@pytest.mark.parametrize(("missing", "extras"), [("tango", "tango"), ("tango,matplotlib", "demo,tango")])
def test_what_it_needs_on_tango_is_said_in_a_line(tmp_path: Path, missing: str, extras: str) -> None:
    program = f"""
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *args: None if name in "{missing}".split(",") else found(name, *args)
from ophyd_decl.cli import main
main(["demo", "--tango"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == (
        f"Error: the demo needs {missing.replace(',', ', ')}: pip install 'ophyd-decl[{extras}]'"
    )


def test_others_read_its_pvs_while_it_runs(demo: Callable[..., Demo]) -> None:
    running = demo("--points", "20")
    running.read_until("Scanning")
    program = """
import asyncio, json
import aioca, p4p.client.thread
async def over_ca():
    return float(await aioca.caget("DEMO:STAGE:X.RBV", timeout=5))
x = asyncio.run(over_ca())
with p4p.client.thread.Context("pva", nt=False) as context:
    counts = int(context.get("DEMO:DET:1:Value", timeout=5).value)
print(json.dumps([x, counts]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment(running.port("--ca-port"), running.port("--pva-port"))},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    x, counts = json.loads(done.stdout)
    assert -2.1 <= x <= 2.1
    assert counts >= 0
    assert running.process.poll() is None


def test_others_read_its_attributes_while_it_runs(demo: Callable[..., Demo]) -> None:
    running = demo("--tango", "--points", "20")
    running.read_until("Scanning")
    server = f"tango://127.0.0.1:{running.port('--port')}"
    beamline = str(ROOT / "beamlines" / "demo_tango")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ophyd_decl.cli", "read", beamline, "--set", f"vars.server={server}"),
            *("--format", "json", "stage.x.user_readback", "pdet.channel.1.value"),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    x, counts = [reading["value"] for reading in json.loads(done.stdout)["readings"]]
    assert -2.1 <= x <= 2.1
    assert counts >= 0
    assert running.process.poll() is None


def test_a_server_that_dies_ends_it_with_3_and_the_name_of_a_device(
    demo: Callable[..., Demo], protocol: tuple[str, ...]
) -> None:
    running = demo(*protocol, "--points", "30")
    running.read_until("|         4 |")
    assert running.taken
    with within(5.0):
        for server in running.servers:
            server.kill()
        code, errors = running.end(30)
    assert code == 3, errors
    assert "stage" in errors or "pdet" in errors
    assert "Traceback" not in errors
    running.nothing_is_left()


@pytest.mark.parametrize("moment", ["Loading", "Scanning", "|         3 |"])
def test_ctrl_c_ends_it_with_130_and_no_process_is_left(
    demo: Callable[..., Demo], protocol: tuple[str, ...], moment: str
) -> None:
    running = demo(*protocol, "--points", "30")
    running.read_until(moment)
    assert running.taken
    with within(2.0):
        running.process.send_signal(signal.SIGINT)
        code, errors = running.end(20)
    assert code == 130
    assert "Traceback" not in errors
    running.nothing_is_left()


def test_ctrl_c_while_the_server_starts(demo: Callable[..., Demo]) -> None:
    running = demo()
    running.read_until("Starting")
    running.process.send_signal(signal.SIGINT)
    code, errors = running.end(10)
    assert code == 130
    assert "Traceback" not in errors
    _, alive = psutil.wait_procs(running.servers, timeout=5)
    assert not alive


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_demo_takes_its_server_with_it(
    demo: Callable[..., Demo], protocol: tuple[str, ...], how: signal.Signals
) -> None:
    running = demo(*protocol, "--points", "30")
    running.read_until("Scanning")
    assert running.servers
    running.process.send_signal(how)
    _, alive = psutil.wait_procs(running.servers, timeout=5)
    assert not alive


def test_a_current_folder_that_cannot_be_written_is_no_hindrance(demo: Callable[..., Demo]) -> None:
    running = demo("--points", "2", cwd=Path("/proc"))
    code, errors = running.end()
    assert code == 0, errors
    picture = Path(running.lines[-1])
    assert picture.read_bytes().startswith(PNG)
    assert picture.is_relative_to(running.temporary)


def test_output_is_not_replaced_without_force(demo: Callable[..., Demo], tmp_path: Path) -> None:
    target = tmp_path / "map.png"
    target.write_text("mine")
    running = demo("--output", str(target))
    code, errors = running.end()
    assert code == 2
    assert "--force" in errors
    assert target.read_text() == "mine"


def test_the_shell_awaits_and_scans(tmp_path: Path) -> None:
    pexpect: Any = pytest.importorskip("pexpect")
    child = pexpect.spawn(
        sys.executable,
        ["-m", "ophyd_decl.cli", "demo", "--shell"],
        cwd=str(tmp_path),
        env={**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path / "ipython"), "TERM": "dumb"},
        encoding="utf-8",
        timeout=LONG_S,
        dimensions=(50, 200),
    )
    try:
        child.expect(r"In \[1\]")
        assert "Error" not in child.before
        child.sendline("print('read', list(await stage.x.read()))")
        child.expect(r"read \['stage-x'\]")
        child.sendline("_ = RE(bp.scan([pdet], stage.x, 0, 1, 3), lambda name, doc: print('document', name))")
        child.expect("document stop")
        child.sendintr()
        child.sendline("print('still', 'here')")
        child.expect("still here")
        child.sendline("RE(bp.scan([pdet], stage.x, 0, 1, 300), {'event': lambda name, doc: print('saved', name)})")
        child.expect("saved event")
        child.sendintr()
        child.sendintr()
        child.expect("RunEngineInterrupted|Pausing")
        child.sendline("RE.abort(); print('idle', RE.state)")
        child.expect("idle idle")
        child.sendline("exit()")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0
