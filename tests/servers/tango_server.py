"""A Tango device server for a test: a Lab and Movers in a process of its own, without a database or with one."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tango

from .process import ServerError, ServerProcess
from .tango_database import TangoDatabase

_COMMAND_TIMEOUT_S = 10.0
_CLIENT_TIMEOUT_S = 20.0


class TangoServer(ServerProcess):
    """A device server; without a database its devices are named by its port, with one by that of the database.

    Options may be changed between `kill` and `start`, as a new version of a server changes what it serves.

    :param folder: where the log is written.
    :param devices: class by name of device: Lab, Mover or PolledMover.
    :param labels: of `mode` and the other enums of a Lab.
    :param numbers: how many attributes `n0`, `n1`, ... a Lab has besides its own.
    :param database: that knows its devices; None: it has none.
    :param aliases: device by alias, for a database.
    :param quiet_s: after which it closes a connection on which nothing was said, in s; None: as usual, 180.
    """

    ready = "Ready to accept request"

    def __init__(
        self,
        folder: Path,
        devices: Mapping[str, str],
        *,
        labels: Sequence[str] = ("Low", "High", "Off"),
        numbers: int = 0,
        database: TangoDatabase | None = None,
        aliases: Mapping[str, str] | None = None,
        quiet_s: int | None = None,
    ) -> None:
        self.devices = dict(devices)
        self.labels = list(labels)
        self.numbers = numbers
        self.database = database
        self._quiet_s = quiet_s
        super().__init__("tango_process.py", [], log=folder / "tango.log")
        #: program and instance, by which a database knows it.
        self.name = f"tests/{self.ports.ca}"
        if database is not None:
            database.add(self.name, self.devices, aliases)

    @property
    def arguments(self) -> list[str]:
        """Return what its program is told."""
        return [
            *("--port", str(self.ports.ca), "--labels", ",".join(self.labels), "--numbers", str(self.numbers)),
            *(word for name, kind in self.devices.items() for word in ("--device", f"{kind}::{name}")),
            *(() if self.database is None else ("--database", "--name", self.name)),
        ]

    @property
    def server_environment(self) -> dict[str, str]:
        """Return the variables of its own process."""
        database = {} if self.database is None else {"TANGO_HOST": self.database.host}
        quiet = {} if self._quiet_s is None else {"ORBinConScanPeriod": str(self._quiet_s), "ORBscanGranularity": "1"}
        return {**super().server_environment, **database, **quiet}

    def trl(self, device: str | None = None) -> str:
        """Return the TRL of a device, by default of the first one."""
        if self.database is not None:
            return self.database.trl(device or self.first)
        return f"tango://127.0.0.1:{self.ports.ca}/{device or self.first}#dbase=no"

    def address(self, name: str, device: str | None = None) -> str:
        """Return the address of an attribute or command of a device, by default of the first one."""
        path, mark, fragment = self.trl(device).partition("#")
        return f"{path}/{name}{mark}{fragment}"

    @property
    def first(self) -> str:
        """Return the name of its first device."""
        return next(iter(self.devices))

    def client(self, device: str | None = None) -> Any:
        """Return a proxy of the client library itself, by default of the first device.

        It has connections to what had this port before, each of which has to fail once; a proxy that is used before is
        taken for one of an old server, and writes are refused.
        """
        proxy: Any = tango.DeviceProxy(self.trl(device))
        deadline = time.monotonic() + _CLIENT_TIMEOUT_S
        while not answers(proxy):
            if time.monotonic() > deadline:
                raise ServerError("no proxy of it can be had")
            time.sleep(0.02)
        return proxy

    def play(self, what: str, *arguments: Any, device: str | None = None, **keywords: Any) -> str:
        """Do something on the server's side, with no client involved, and return what the device prints.

        :param what: a method `test_...` of the device: `set`, `get`, `quality`, `state`, `configure`, `break`, ...
        :param device: by default the first one.
        :raises ServerError: if the device cannot do that.
        """
        process = self._running()
        if process.stdin is None:
            raise ServerError("nothing can be told to the server")
        line = json.dumps([device or self.first, what, arguments, keywords])
        process.stdin.write(f"{line}\n".encode())
        answer = self._read_until("END", _COMMAND_TIMEOUT_S)
        if "FAILED" in answer:
            raise ServerError(answer)
        return answer

    def set(self, name: str, value: Any, *, device: str | None = None) -> None:
        """Give an attribute another value, as the hardware would; that of an enum may be a label."""
        self.play("set", name, value, device=device)

    def get(self, name: str, *, device: str | None = None) -> Any:
        """Return the value of an attribute, as the server knows it."""
        return json.loads(self.play("get", name, device=device))


def answers(proxy: Any) -> bool:
    """Return whether a device answers to a proxy of it."""
    try:
        proxy.ping()
    except tango.DevFailed:
        return False
    return True
