"""The program that serves the demo's control system over EPICS.

    python -m ophyd_decl.sim.server --prefix DEMO: --ca-port 20001 --pva-port 20003 --motor M1

`parent` says how it begins and ends. It runs the CA repeater too: without one, the first CA client would start a
`caRepeater` from its PATH, a daemon that outlives everybody.
"""

import argparse
import asyncio
import ctypes
import re
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, cast

from . import parent
from .environment import replace_environment
from .motors import MOTORS, Motor, X, Y
from .ports import Ports, taken


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the standard input ends."""
    options = _parser().parse_args(arguments)
    ready = parent.follow()
    busy = taken(Ports(options.ca_port, options.pva_port))
    if busy:
        sys.exit(f"ports in use: {', '.join(map(str, busy))}")
    replace_environment(options.ca_port, options.pva_port)
    asyncio.run(_serve(options, ready))


async def _serve(options: argparse.Namespace, ready: Callable[[], None]) -> None:
    from . import records  # reads the environment, so not before it is set
    from .motor_records import make_motor_records
    from .point_detector import PointDetector
    from .scaler_records import make_scaler_records

    prefix: str = options.prefix

    def name(parts: Sequence[str]) -> str:
        return prefix + ":".join(parts).upper()

    _start_ca_repeater()
    others = {prefix + motor: Motor() for motor in options.motor}
    motors = {name(parts): motor for parts, motor in MOTORS.items()} | others
    position = make_motor_records(motors, options.velocity)
    PointDetector(records.Records(f"{prefix}DET:"), lambda: (position(name(X)), position(name(Y))))
    if options.scaler:
        make_scaler_records([prefix + scaler for scaler in options.scaler])
    records.serve()
    ready()
    await asyncio.Event().wait()


def _start_ca_repeater() -> None:
    """Run libca's repeater in a thread; where libca does not offer it, clients start theirs as ever."""
    path = cast(Any, import_module("epicscorelibs.path"))
    run = getattr(ctypes.CDLL(path.get_lib("ca")), "caRepeaterThread", None)
    if run is not None:
        threading.Thread(target=run, args=(None,), name="CA repeater", daemon=True).start()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ophyd_decl.sim.server", description="Serve the demo's control system."
    )
    parser.add_argument("--prefix", default="DEMO:", type=_prefix, help="what every PV name begins with")
    parser.add_argument("--ca-port", required=True, type=int, help="TCP and UDP port of Channel Access")
    parser.add_argument("--pva-port", required=True, type=int, help="TCP port of pvAccess; the next is its UDP port")
    parser.add_argument("--velocity", default=1.0, type=float, help="of the motors at first, EGU/s")
    parser.add_argument(
        "--motor", action="append", default=[], type=_prefix, metavar="NAME", help="serve a motor record, too"
    )
    parser.add_argument(
        "--scaler", action="append", default=[], type=_prefix, metavar="NAME", help="serve a scaler record, too"
    )
    return parser


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_:-]{1,32}", text):
        raise argparse.ArgumentTypeError("at most 32 letters, digits, `_`, `:` and `-`")
    return text


if __name__ == "__main__":
    main()
