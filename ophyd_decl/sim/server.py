"""The program that serves the demo's control system.

    python -m ophyd_decl.sim.server --prefix DEMO: --ca-port 20001 --pva-port 20003

It writes READY to its standard output when clients can connect, and ends when its standard input reaches its end,
which happens when the process that started it dies in whatever way. It holds no state that is worth an orderly end.

It runs the CA repeater too. Without one, the first CA client would start a `caRepeater` from its PATH, a daemon
that outlives everybody.
"""

import argparse
import asyncio
import ctypes
import os
import re
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Any, cast

from .environment import replace_environment
from .launch import READY
from .ports import Ports, taken


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the standard input ends."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_leave_at_end_of_input, name="end of input", daemon=True).start()
    busy = taken(Ports(options.ca_port, options.pva_port))
    if busy:
        sys.exit(f"ports in use: {', '.join(map(str, busy))}")
    replace_environment(options.ca_port, options.pva_port)
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the banner of the IOC is not an answer
    asyncio.run(_serve(options.prefix, options.velocity, answers))


async def _serve(prefix: str, velocity: float, answers: int) -> None:
    from . import records  # reads the environment, so not before it is set
    from .motor import Motor
    from .point_detector import PointDetector

    _start_ca_repeater()
    x = Motor(f"{prefix}STAGE:X:", units="mm", limits=(-25, 25), velocity=velocity)
    y = Motor(f"{prefix}STAGE:Y:", units="mm", limits=(-25, 25), velocity=velocity)
    _bragg = Motor(f"{prefix}MONO:BRAGG:", units="deg", limits=(1, 60), position=10, velocity=velocity)
    _detector = PointDetector(f"{prefix}DET:", x=x, y=y)
    records.serve()
    os.write(answers, f"{READY}\n".encode())
    os.close(answers)
    await asyncio.Event().wait()


def _start_ca_repeater() -> None:
    """Run libca's repeater in a thread; where libca does not offer it, clients start theirs as ever."""
    path = cast(Any, import_module("epicscorelibs.path"))
    run = getattr(ctypes.CDLL(path.get_lib("ca")), "caRepeaterThread", None)
    if run is not None:
        threading.Thread(target=run, args=(None,), name="CA repeater", daemon=True).start()


def _leave_at_end_of_input() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ophyd_decl.sim.server", description="Serve the demo's control system."
    )
    parser.add_argument("--prefix", default="DEMO:", type=_prefix, help="what every PV name begins with")
    parser.add_argument("--ca-port", required=True, type=int, help="TCP and UDP port of Channel Access")
    parser.add_argument("--pva-port", required=True, type=int, help="TCP port of pvAccess; the next is its UDP port")
    parser.add_argument("--velocity", default=1.0, type=float, help="of the motors at first, EGU/s")
    return parser


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_:-]{1,32}", text):
        raise argparse.ArgumentTypeError("at most 32 letters, digits, `_`, `:` and `-`")
    return text


if __name__ == "__main__":
    main()
