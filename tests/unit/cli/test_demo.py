"""`demo`, in a process of its own: what it shows, and that it leaves nothing behind however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import pytest

from ophyd_decl.sim.environment import environment
from ophyd_decl.sim.ports import Ports, taken

ROOT = Path(__file__).parents[3]
#: Long enough for a slow machine, far below what hangs.
LONG_S = 90.0
PNG = b"\x89PNG\r\n\x1a\n"


class Demo:
    """A running demo, its folder and its temporary folder."""

    def __init__(self, folder: Path, *options: str, cwd: Path | None = None) -> None:
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
    def ports(self) -> Ports:
        """Return the ports of Channel Access and pvAccess."""
        (server,) = [child for child in self.servers if "ophyd_decl.sim.server" in child.cmdline()]
        words = server.cmdline()
        return Ports(ca=int(words[words.index("--ca-port") + 1]), pva=int(words[words.index("--pva-port") + 1]))

    def end(self, timeout_s: float = LONG_S) -> tuple[int, str]:
        """Wait for its end; return the exit code and what it wrote to standard error."""
        output, errors = self.process.communicate(timeout=timeout_s)
        self.lines.extend(output.splitlines())
        return self.process.returncode, errors

    def nothing_is_left(self) -> None:
        """Check that every process and temporary file has gone."""
        _, alive = psutil.wait_procs(self.servers, timeout=5)
        assert not alive
        assert taken(self.ports) == []
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


def test_the_whole_way(demo: Callable[..., Demo]) -> None:
    running = demo("--points", "4")
    running.read_until("Scanning")
    assert taken(running.ports)
    code, errors = running.end()
    assert code == 0, errors
    assert errors == ""
    picture = Path(running.lines[-1])
    assert picture.is_absolute()
    assert picture.read_bytes().startswith(PNG)
    assert [path.name for path in running.folder.iterdir()] == [picture.name]
    table = [line for line in running.lines if line.startswith("|") and "time" not in line]
    assert len(table) == 16
    assert any("stage-x" in line and "pdet-channel-1-value" in line for line in running.lines)
    running.nothing_is_left()


def test_others_read_its_pvs_while_it_runs(demo: Callable[..., Demo]) -> None:
    running = demo("--points", "20")
    running.read_until("Scanning")
    program = """
import asyncio, json
import aioca, p4p.client.thread
async def over_ca():
    return float(await aioca.caget("DEMO:STAGE:X:Readback", timeout=5))
x = asyncio.run(over_ca())
with p4p.client.thread.Context("pva", nt=False) as context:
    counts = int(context.get("DEMO:DET:1:Value", timeout=5).value)
print(json.dumps([x, counts]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment(running.ports.ca, running.ports.pva)},
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


def test_a_server_that_dies_ends_it_with_3_and_the_name_of_a_device(demo: Callable[..., Demo]) -> None:
    running = demo("--points", "30")
    running.read_until("|         4 |")
    assert taken(running.ports)
    begin = time.monotonic()
    for server in running.servers:
        server.kill()
    code, errors = running.end(10)
    assert time.monotonic() - begin < 5
    assert code == 3, errors
    assert "stage" in errors or "pdet" in errors
    assert "Traceback" not in errors
    running.nothing_is_left()


@pytest.mark.parametrize("moment", ["Loading", "Scanning", "|         3 |"])
def test_ctrl_c_ends_it_with_130_and_no_process_is_left(demo: Callable[..., Demo], moment: str) -> None:
    running = demo("--points", "30")
    running.read_until(moment)
    assert taken(running.ports)
    begin = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    code, errors = running.end(10)
    assert time.monotonic() - begin < 2
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


def test_a_killed_demo_takes_its_server_with_it(demo: Callable[..., Demo]) -> None:
    running = demo("--points", "30")
    running.read_until("Scanning")
    assert running.servers
    running.process.kill()
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
