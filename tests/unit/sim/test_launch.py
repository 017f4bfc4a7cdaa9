"""The server's process: it comes up by itself, tells why if it does not, and never stays behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl.sim import DemoServer, DemoServerError, Ports, environment
from ophyd_decl.sim.ports import FIRST_PORT, LAST_PORT, PortClaim, taken

pytest.importorskip("softioc")

PARENT = """
import sys
from ophyd_decl.sim import DemoServer
with DemoServer() as server:
    print(server.pid, server.ports.ca, server.ports.pva, flush=True)
    sys.stdin.read()
"""


def eventually(condition: Callable[[], bool], within_s: float = 10) -> bool:
    """Return whether the condition became true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_gone(pid: int) -> bool:
    """Return whether a process has ended, also when nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def test_environment_is_loopback_only() -> None:
    variables = environment(20001, 20003)
    assert variables["EPICS_CA_ADDR_LIST"] == "127.0.0.1:20001"
    assert variables["EPICS_PVA_ADDR_LIST"] == "127.0.0.1:20004"
    assert all(not value.startswith("192") and "0.0.0.0" not in value for value in variables.values())
    assert {variables[name] for name in variables if name.endswith("INTF_ADDR_LIST")} == {"127.0.0.1"}
    assert {variables[name] for name in variables if name.endswith("AUTO_ADDR_LIST")} == {"NO"}


def test_claims_do_not_overlap() -> None:
    claims = [PortClaim() for _ in range(20)]
    try:
        ports = [claim.ports for claim in claims]
        blocks = {number for one in ports for number in (one.ca, one.ca + 1, one.pva, one.pva + 1, one.pva + 2)}
        assert len(blocks) == 100
        assert FIRST_PORT <= min(blocks) <= max(blocks) < LAST_PORT
    finally:
        for claim in claims:
            claim.release()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_taken_port_is_seen(kind: socket.SocketKind) -> None:
    claim = PortClaim()
    try:
        assert taken(claim.ports) == []
        with socket.socket(socket.AF_INET, kind) as user:
            user.bind(("127.0.0.1", claim.ports.pva + 1))
            assert taken(claim.ports) == [claim.ports.pva + 1]
    finally:
        claim.release()


def test_start_and_stop(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("EPICS_CAS_INTF_ADDR_LIST", "192.0.2.1")  # somebody else's settings
    monkeypatch.setenv("PVXS_QSRV_ENABLE", "NO")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    (tmp_path / "numpy.py").write_text("raise SystemExit('the current folder was imported from')")
    server = DemoServer()
    assert not server.alive
    assert server.poll() is None
    with server:
        pid, ports = server.pid, server.ports
        assert server.alive
        assert pid is not None
        for port in (ports.ca, ports.pva):
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                pass
    assert not server.alive
    assert server.pid is None
    assert is_gone(pid)
    assert eventually(lambda: taken(ports) == [])
    assert os.listdir(tmp_path) == ["numpy.py"]
    assert capfd.readouterr() == ("", "")
    server.stop()


def test_two_at_once() -> None:
    with DemoServer("ONE:") as one, DemoServer("TWO:") as two:
        assert one.alive
        assert two.alive
        assert one.ports != two.ports


def test_server_listens_on_loopback_only(server: DemoServer) -> None:
    psutil = pytest.importorskip("psutil")
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(server.pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1", "127.0.0.1"]


def test_port_in_use_is_an_error_that_names_it() -> None:
    claim = PortClaim()
    try:
        with socket.socket() as user:
            user.bind(("127.0.0.1", claim.ports.ca))
            with pytest.raises(DemoServerError, match=f"ended with code 1 .*\n.*in use: {claim.ports.ca}"):
                DemoServer(ports=claim.ports).start()
    finally:
        claim.release()


def test_bad_prefix_is_an_error_with_the_reason() -> None:
    with pytest.raises(DemoServerError, match=r"at most 32 letters"):
        DemoServer("BAD PREFIX").start()


def test_too_slow_a_start_is_an_error_and_leaves_nothing() -> None:
    server = DemoServer(start_timeout_s=0.0)
    with pytest.raises(DemoServerError, match="did not serve within 0 s"):
        server.start()
    assert not server.alive


def test_ports_are_not_known_before_the_start() -> None:
    with pytest.raises(DemoServerError, match="was not started"):
        _ = DemoServer().environment


def test_second_start_is_refused(server: DemoServer) -> None:
    with pytest.raises(DemoServerError, match="was started before"):
        server.start()
    assert server.alive


def test_killed_server_is_noticed() -> None:
    with DemoServer() as server:
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert eventually(lambda: not server.alive)
        assert server.poll() == -signal.SIGKILL


def test_server_can_come_back_to_clients_that_stayed() -> None:
    client = pytest.importorskip("p4p.client.thread")
    claim = PortClaim()
    try:
        first = DemoServer(ports=claim.ports)
        first.start()
        with client.Context("pva", conf=first.environment, useenv=False) as context:
            name = "DEMO:MONO:BRAGG.VAL"
            assert context.get(name, timeout=10) == 10
            assert first.pid is not None
            os.kill(first.pid, signal.SIGKILL)
            assert eventually(lambda: not first.alive)
            first.stop()
            with DemoServer(ports=claim.ports):
                assert context.get(name, timeout=20) == 10
    finally:
        claim.release()


def test_hanging_server_is_stopped_in_bounded_time() -> None:
    server = DemoServer()
    server.start()
    assert server.pid is not None
    pid = server.pid
    os.kill(pid, signal.SIGSTOP)
    start = time.monotonic()
    server.stop()
    assert time.monotonic() - start < 5
    assert is_gone(pid)


def test_ctrl_c_in_the_terminal_is_not_for_the_server(server: DemoServer) -> None:
    assert server.pid is not None
    assert os.getpgid(server.pid) != os.getpgrp()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None])
def test_end_of_the_parent_is_the_end_of_the_server(how: signal.Signals | None) -> None:
    root = Path(__file__).parents[3]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        pid, ca, pva = map(int, parent.stdout.readline().split())
        assert not is_gone(pid)
        if how is None:
            parent.stdin.close()
        else:
            parent.send_signal(how)
        parent.wait(10)
    assert eventually(lambda: is_gone(pid))
    assert eventually(lambda: taken(Ports(ca, pva)) == [])


def test_clients_start_no_repeater(
    server: DemoServer, ca_client: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace"
    program = tmp_path / "caRepeater"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    ca_client("types", "DEMO:DET:AcquireTime")
    assert not trace.exists()
