"""A server of a test in a process of its own: start, stop, kill, restart in the same place, hang and go on.

The process gets the loopback environment of its ports, says in a line when it serves, and ends when its standard input
ends: nothing that a test or its death leaves behind goes on. Nothing here starts a thread or takes longer than it must.
"""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from ophyd_decl.sim.ports import Ports

from . import environment

START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 10.0
_PROGRAMS = Path(__file__).parent


class ServerError(RuntimeError):
    """A server did not do what the test asked of it; holds its log."""


class ServerProcess:
    """One server on ports of the pool, which it holds until `close`.

    :param program: file beside this one.
    :param arguments: of the program.
    :param log: file to which its standard error is appended.
    """

    #: The line that it writes to its standard output when clients can connect.
    ready = "READY"

    def __init__(self, program: str, arguments: Sequence[str], *, log: Path) -> None:
        self.ports: Ports = environment.pool().take()
        self.log = log
        self._program = program
        self._arguments = list(arguments)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def arguments(self) -> list[str]:
        """Return what its program is told when it is started next."""
        return self._arguments

    @property
    def command_line(self) -> list[str]:
        """Return what is started."""
        return [sys.executable, "-P", str(_PROGRAMS / self._program), *self.arguments]

    @property
    def server_environment(self) -> dict[str, str]:
        """Return the variables of its own process."""
        return environment.server_environment(self.ports)

    @property
    def client_environment(self) -> dict[str, str]:
        """Return the variables with which another process finds this server and no other."""
        return environment.client_environment(self.ports)

    @property
    def pid(self) -> int:
        """Return the id of its process.

        :raises ServerError: if it does not run.
        """
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Return whether its process runs, hung or not."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start it and wait until clients can connect.

        :raises ServerError: if it runs already, or does not serve within 30 s.
        """
        if self.alive:
            raise ServerError(f"process {self.pid} runs already")
        variables = os.environ | self.server_environment
        # A strict setting would stop the server in somebody else's library.
        variables.pop("PYTHONWARNINGS", None)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command_line,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,
                env=variables,
                start_new_session=True,  # Ctrl-C is for the test
            )
        try:
            self._read_until(self.ready, START_TIMEOUT_S)
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """End it in order; does nothing if it does not run."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
        self._forget()

    def kill(self) -> None:
        """End it at once, as a crash does (SIGKILL); does nothing if it does not run."""
        if self._process is not None:
            self._process.kill()
            self._forget()

    def restart(self, *, after_s: float = 0.0) -> None:
        """Start it again on the same ports; kills it first if it runs.

        :param after_s: how long it stays away, in s.
        """
        self.kill()
        time.sleep(after_s)
        self.start()

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Let it hang meanwhile (SIGSTOP): connections stay open, nothing is answered."""
        process = self._running()
        process.send_signal(signal.SIGSTOP)
        try:
            while not _is_stopped(process.pid):
                time.sleep(0.001)
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it and give its ports back."""
        self.stop()
        environment.pool().give_back(self.ports)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise ServerError(f"the server does not run\n{self._log_text()}")
        return self._process

    def _forget(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait(_STOP_TIMEOUT_S)

    def _read_until(self, word: str, timeout_s: float) -> str:
        """Return what it writes to its standard output before a line with this word."""
        process = self._process
        if process is None or process.stdout is None:
            raise ServerError("the server does not run")
        deadline = time.monotonic() + timeout_s
        mark = f"\n{word}\n".encode()
        text = b"\n"
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not text.endswith(mark):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise ServerError(f"no {word} within {timeout_s:g} s\n{self._log_text()}")
                chunk = process.stdout.read(65536)
                if not chunk:
                    raise ServerError(f"the server ended before {word}\n{self._log_text()}")
                text += chunk
        return text.removesuffix(mark).decode(errors="replace").lstrip("\n")

    def _log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def _is_stopped(process: int) -> bool:
    """Return whether every thread of a process has taken note of its SIGSTOP."""
    states = [stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{process}/task").glob("*/stat")]
    return set(states) == {"T"}
