"""The control systems that the demo can start, on EPICS and on Tango.

Nothing here imports a client library: the caller first sets `environment` of a server in its own environment, then
imports them.
"""

from collections.abc import Sequence

from .environment import environment
from .ports import Ports
from .process import ServerProcess


class DemoServer(ServerProcess):
    """The demo on Channel Access and pvAccess.

    :param prefix: what every PV name begins with.
    :param motors: names of motor records that it serves besides, without the prefix.
    :param scalers: names of scaler records, in the same way.
    """

    title = "Channel Access and pvAccess"
    beamline = "demo"
    packages = ("softioc", "aioca", "p4p")

    def __init__(
        self,
        prefix: str = "DEMO:",
        *,
        ports: Ports | None = None,
        velocity: float = 1.0,
        start_timeout_s: float = 30.0,
        motors: Sequence[str] = (),
        scalers: Sequence[str] = (),
    ) -> None:
        super().__init__("ophyd_decl.sim.server", ports=ports, velocity=velocity, start_timeout_s=start_timeout_s)
        self.prefix = prefix
        self.motors = motors
        self.scalers = scalers

    @property
    def environment(self) -> dict[str, str]:
        """Return the EPICS variables with which clients find it, and nothing else."""
        return environment(self.ports.ca, self.ports.pva)

    @property
    def settings(self) -> dict[str, str]:
        """Return the prefix of all names."""
        return {"vars.prefix": self.prefix}

    @property
    def arguments(self) -> list[str]:
        """Return prefix and ports."""
        ports = ("--ca-port", str(self.ports.ca), "--pva-port", str(self.ports.pva))
        motors = (argument for name in self.motors for argument in ("--motor", name))
        scalers = (argument for name in self.scalers for argument in ("--scaler", name))
        return ["--prefix", self.prefix, *ports, *motors, *scalers]


class TangoDemoServer(ServerProcess):
    """The demo on Tango, without a database."""

    title = "Tango, without a database,"
    beamline = "demo_tango"
    packages = ("tango",)

    def __init__(self, *, ports: Ports | None = None, velocity: float = 1.0, start_timeout_s: float = 30.0) -> None:
        super().__init__("ophyd_decl.sim.tango_server", ports=ports, velocity=velocity, start_timeout_s=start_timeout_s)

    @property
    def environment(self) -> dict[str, str]:
        """Return nothing: the names of devices say where their server is."""
        return {}

    @property
    def settings(self) -> dict[str, str]:
        """Return where the server is."""
        return {"vars.server": f"tango://127.0.0.1:{self.ports.tango}"}

    @property
    def arguments(self) -> list[str]:
        """Return its port."""
        return ["--port", str(self.ports.tango)]
