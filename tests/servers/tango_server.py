"""A Tango device server for a test: a Lab and Movers in a process of its own, without a database or with one."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .process import ServerError, ServerProcess

_COMMAND_TIMEOUT_S = 10.0


class TangoServer(ServerProcess):
    """A device server; without a database its devices are named by its port.

    Options may be changed between `kill` and `start`, as a new version of a server changes what it serves.

    :param folder: where the log is written.
    :param devices: class by name of device: Lab, Mover or PolledMover.
    :param labels: of `mode` and the other enums of a Lab.
    :param numbers: how many attributes `n0`, `n1`, ... a Lab has besides its own.
    """

    ready = "Ready to accept request"

    def __init__(
        self,
        folder: Path,
        devices: Mapping[str, str],
        *,
        labels: Sequence[str] = ("Low", "High", "Off"),
        numbers: int = 0,
    ) -> None:
        self.devices = dict(devices)
        self.labels = list(labels)
        self.numbers = numbers
        super().__init__("tango_process.py", [], log=folder / "tango.log")

    @property
    def arguments(self) -> list[str]:
        """Return what its program is told."""
        return [
            *("--port", str(self.ports.ca), "--labels", ",".join(self.labels), "--numbers", str(self.numbers)),
            *(word for name, kind in self.devices.items() for word in ("--device", f"{kind}::{name}")),
        ]

    def trl(self, device: str | None = None) -> str:
        """Return the TRL of a device, by default of the first one."""
        return f"tango://127.0.0.1:{self.ports.ca}/{device or self.first}#dbase=no"

    def address(self, name: str, device: str | None = None) -> str:
        """Return the address of an attribute or command of a device, by default of the first one."""
        return f"tango://127.0.0.1:{self.ports.ca}/{device or self.first}/{name}#dbase=no"

    @property
    def first(self) -> str:
        """Return the name of its first device."""
        return next(iter(self.devices))

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
