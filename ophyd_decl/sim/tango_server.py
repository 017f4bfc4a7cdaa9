"""The program that serves the demo's control system over Tango, without a database.

    python -m ophyd_decl.sim.tango_server --port 20001

Its devices are `demo/stage/x`, `demo/stage/y`, `demo/mono/bragg` and `demo/det/1`. `parent` says how it begins and
ends.
"""

# pytango's types are partial; what is used of it is given types here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import argparse
import asyncio
import sys
import threading
from collections.abc import Sequence
from typing import Any, cast

from . import parent
from .environment import remove_variables
from .motors import MOTORS, X, Y
from .ports import is_free

DOMAIN = "demo"


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the standard input ends."""
    options = _parser().parse_args(arguments)
    ready = parent.follow()
    if not is_free(options.port):
        sys.exit(f"ports in use: {options.port}")
    remove_variables()
    _serve(options.port, options.velocity, ready)


def _serve(port: int, velocity: float, ready: Any) -> None:
    from tango.server import run  # reads the environment, so not before it is set

    from . import tango_devices
    from .attributes import Attributes, Pusher
    from .point_detector import PointDetector
    from .tango_motor import TangoMotor

    loop, pusher = asyncio.new_event_loop(), Pusher()
    served = tango_devices.PointsDevice.points

    def points(family: str, member: str = "1") -> Attributes:
        made = served[f"{DOMAIN}/{family}/{member}"] = Attributes(loop, pusher)
        return made

    motors = {names: TangoMotor(points(*names), motor, velocity) for names, motor in MOTORS.items()}
    PointDetector(points("det"), lambda: (motors[X].position, motors[Y].position))
    threading.Thread(target=loop.run_forever, name="devices", daemon=True).start()
    kinds = {name: tango_devices.PointDetector if "/det/" in name else tango_devices.Motor for name in served}
    # Each name with its class: what follows a comma without one would go to some other class.
    names = ",".join(f"{kind.__name__}::{name}" for name, kind in kinds.items())
    cast(Any, run)(
        [tango_devices.Motor, tango_devices.PointDetector],
        ["demo", "1", "-ORBendPoint", f"giop:tcp:127.0.0.1:{port}", "-nodb", "-dlist", names],
        raises=True,
        post_init_callback=ready,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ophyd_decl.sim.tango_server", description="Serve the demo's control system over Tango."
    )
    parser.add_argument("--port", required=True, type=int, help="TCP port")
    parser.add_argument("--velocity", default=1.0, type=float, help="of the motors at first, EGU/s")
    return parser


if __name__ == "__main__":
    main()
