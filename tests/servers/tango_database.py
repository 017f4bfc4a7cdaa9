"""A Tango database for a test: pytango's own database server, in a process of its own, with a file of its own.

Its file outlives the process: a database that is killed and started again knows what it knew.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import tango

from .process import ServerProcess

#: How many connections to one server the client library of Tango makes at most, for calls that are side by side.
#: Source: omniORB, parameter `maxGIOPConnectionPerServer`.
CONNECTIONS = 5


class DatabaseProcess(ServerProcess):
    """A database of any kind, as its clients know it."""

    ready = "Ready to accept request"

    @property
    def host(self) -> str:
        """Return host and port: what TANGO_HOST is for its clients."""
        return f"127.0.0.1:{self.ports.ca}"

    @property
    def client_environment(self) -> dict[str, str]:
        """Return the variables with which another process finds it."""
        return {**super().client_environment, "TANGO_HOST": self.host}

    def trl(self, device: str) -> str:
        """Return the TRL of a device, or of its alias."""
        return f"tango://{self.host}/{device}"

    def add(self, server: str, devices: Mapping[str, str], aliases: Mapping[str, str] | None = None) -> None:
        """Have devices known, before their server is started.

        :param server: program and instance, by which the database knows it.
        :param devices: class by name of device.
        :param aliases: device by alias.
        """
        client = self._client()
        for name, kind in devices.items():
            info: Any = tango.DbDevInfo()
            info.server, info._class, info.name = server, kind, name
            client.add_device(info)
        for alias, name in (aliases or {}).items():
            client.put_device_alias(name, alias)

    def _client(self) -> tango.Database:
        """Return a client; connections to what had this port before are each found to be closed at their first use."""
        for _ in range(CONNECTIONS):
            with suppress(tango.ConnectionFailed):
                return tango.Database("127.0.0.1", self.ports.ca)
        return tango.Database("127.0.0.1", self.ports.ca)

    def set_property(self, device: str, attribute: str, **properties: str | Sequence[str]) -> None:
        """Have a property of an attribute stored, which its server takes when it starts."""
        client = self._client()
        client.put_device_attribute_property(device, {attribute: dict(properties)})


class TangoDatabase(DatabaseProcess):
    """A database without device servers; those of `TangoServer(database=...)` export their devices to it.

    :param folder: where its file and its log are written.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "database.db"
        super().__init__("tango_database_process.py", [], log=folder / "database.log")

    @property
    def arguments(self) -> list[str]:
        """Return what its program is told."""
        return ["--port", str(self.ports.ca), "--file", str(self.file)]
