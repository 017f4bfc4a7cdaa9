"""A program that ends while a call to a Tango device is under way: with its own exit code, and not by an abort."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

CODE = 3
BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: exit
devices:
  lab:
    type: tango.device
    trl: "LAB"
    signals:
      slow: {attr: slow, dtype: any, access: r, events: none}
"""
PROGRAM = """
import sys
from ophyd_decl import load_beamline

bl = load_beamline(sys.argv[1])
bl.connect().or_raise()
seen = []
bl.lab.slow.subscribe(lambda value, **_: seen.append(value))
print("connected", flush=True)
sys.stdin.readline()
sys.exit(int(sys.argv[2]))
"""
WAITS = "the process waits for calls to Tango devices that are under way"


@pytest.fixture
def server(tango_client: None, tango_factory: TangoFactory) -> TangoServer:
    return tango_factory()


@contextmanager
def subscribed(server: TangoServer, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a program that reads an attribute again and again, and ends when it is told to."""
    (folder / "beamline.yaml").write_text(BEAMLINE.replace("LAB", server.trl()))
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder / "beamline.yaml"), str(CODE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | server.client_environment,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "connected\n"
        yield process
    finally:
        process.kill()
        process.wait()


def test_while_a_device_is_slow(server: TangoServer, tmp_path: Path) -> None:
    with subscribed(server, tmp_path) as process:
        server.play("slow", 2.5)
        time.sleep(1.0)  # one is under way now
        _, errors = process.communicate("\n", timeout=60)
    assert process.returncode == CODE, errors
    assert WAITS in errors


def test_while_its_server_hangs(server: TangoServer, tmp_path: Path) -> None:
    with subscribed(server, tmp_path) as process, server.hung():
        time.sleep(0.5)
        _, errors = process.communicate("\n", timeout=60)
    assert process.returncode == CODE, errors
    assert WAITS in errors
    assert "terminate" not in errors


def test_nobody_has_to_wait(server: TangoServer, tmp_path: Path) -> None:
    with subscribed(server, tmp_path) as process, server.hung():
        time.sleep(0.5)
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert WAITS in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert "Traceback" not in errors
