"""A server of the demo as the process that started it sees it: start it, and make sure that it is gone afterwards.

The server holds the other end of a pipe from this process, so it ends too when this process is killed. Nothing here
imports a client library.
"""

import os
import selectors
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Self, cast

from ..errors import OphydDeclError
from .parent import READY
from .ports import PortClaim, Ports

_TERMINATE_S, _KILL_S = 2.0, 5.0
_PACKAGE_ROOT = Path(__file__).parents[2]


class DemoServerError(OphydDeclError):
    """The server of the demo did not start.

    :param problem: what happened.
    :param output: what the server wrote to its standard error.
    """

    def __init__(self, problem: str, output: str) -> None:
        self.problem = problem
        self.output = output
        super().__init__(problem, output)

    def __str__(self) -> str:
        """Return the problem, then the server's own words."""
        return f"the demo's server {self.problem}\n{self.output.strip()}".strip()


class ServerProcess(ABC):
    """A control system of the demo: a process and its ports.

    Use it as a context manager, or call `start` and `stop`.

    :param program: module that is run.
    :param ports: ports to use; None: free ones.
    :param velocity: of the motors at first, EGU/s.
    :param start_timeout_s: how long it may take until it serves.
    """

    #: What it speaks.
    title: ClassVar[str]
    #: Folder of the beamline that describes its devices.
    beamline: ClassVar[str]
    #: What it and its clients import.
    packages: ClassVar[tuple[str, ...]]

    def __init__(
        self, program: str, *, ports: Ports | None = None, velocity: float = 1.0, start_timeout_s: float = 30.0
    ) -> None:
        self.velocity = velocity
        self._program = program
        self.start_timeout_s = start_timeout_s
        self._wanted_ports = ports
        self._claim: PortClaim | None = None
        self._ports: Ports | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    @property
    def ports(self) -> Ports:
        """Return its ports.

        :raises DemoServerError: before it was started.
        """
        if self._ports is None:
            raise DemoServerError("was not started", "")
        return self._ports

    @property
    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Return the variables with which clients find it, and nothing else.

        :raises DemoServerError: before it was started.
        """

    @property
    @abstractmethod
    def settings(self) -> dict[str, str]:
        """Return what the beamline of the demo is told, so that its addresses are those of this server."""

    @property
    @abstractmethod
    def arguments(self) -> list[str]:
        """Return what its program is told besides the velocity."""

    @property
    def pid(self) -> int | None:
        """Return the id of its process, None when it is not running."""
        return self._process.pid if self._process is not None and self.alive else None

    @property
    def alive(self) -> bool:
        """Return whether its process is running."""
        return self._process is not None and self._process.poll() is None

    def poll(self) -> int | None:
        """Return how its process ended, None while it runs: 0 or the negative number of a signal."""
        return self._process.poll() if self._process is not None else None

    def start(self) -> None:
        """Start the process and wait until clients can connect, about 1 s.

        :raises DemoServerError: if it does not serve in time; holds what it wrote.
        """
        if self._process is not None:
            raise DemoServerError("was started before", "")
        try:
            self._process = self._launch()
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process, at the latest after a few seconds; does nothing when it is not there."""
        process, self._process = self._process, None
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.terminate()
            try:
                process.wait(_TERMINATE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(_KILL_S)
        if self._errors is not None:
            self._errors.close()
            self._errors = None
        if self._claim is not None:
            self._claim.release()
            self._claim = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it."""
        self.stop()

    def _launch(self) -> subprocess.Popen[bytes]:
        if self._wanted_ports is None:
            self._claim = PortClaim()
            self._ports = self._claim.ports
        else:
            self._ports = self._wanted_ports
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed by stop; a pipe could fill and block it
        return subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", self._program),
                *("--velocity", str(self.velocity), *self.arguments),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            env=_server_environment(),
            start_new_session=True,  # Ctrl-C in a terminal is for the client, which then ends the server
        )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        stdout = cast(IO[bytes], process.stdout)
        deadline = time.monotonic() + self.start_timeout_s
        answer = b""
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while READY.encode() not in answer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise DemoServerError(f"did not serve within {self.start_timeout_s:g} s", self._output())
                chunk = stdout.read(64)
                if not chunk:
                    code = process.wait(_KILL_S)
                    raise DemoServerError(f"ended with code {code} before it served", self._output())
                answer += chunk
        stdout.close()

    def _output(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")


def _server_environment() -> dict[str, str]:
    """Return the environment of this process, with this package found as it was found here."""
    variables = dict(os.environ)
    variables.pop("PYTHONWARNINGS", None)  # a strict setting would stop the server in somebody else's library
    if _PACKAGE_ROOT.name not in {"site-packages", "dist-packages"}:
        paths = [path for path in (variables.get("PYTHONPATH"), str(_PACKAGE_ROOT)) if path]
        variables["PYTHONPATH"] = os.pathsep.join(paths)
    return variables
