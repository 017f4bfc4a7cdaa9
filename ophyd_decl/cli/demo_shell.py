"""The shell of `demo --shell`: IPython with a RunEngine, Bluesky's plans and the devices."""

import signal
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..session.beamline import Beamline

_FIRST_LINES = """
Try:
  RE(bp.count([pdet]), print)
  RE(bp.scan([pdet], stage.x, -1, 1, 5))
  await stage.x.read()
  RE(bps.mv(mono, 12))
"""


def start(beamline: "Beamline", run_engine: Any) -> None:
    """Run the shell until the user leaves it; Ctrl-C belongs to it, and pauses a plan as everywhere."""
    import bluesky.plan_stubs as bps
    import bluesky.plans as bp
    from bluesky.callbacks.core import LiveTable
    from IPython import start_ipython
    from traitlets.config import Config

    names: dict[str, Any] = {**beamline.devices, "RE": run_engine, "bl": beamline, "bp": bp, "bps": bps}
    names["LiveTable"] = LiveTable
    config: Any = Config()
    config.TerminalIPythonApp.display_banner = False
    config.InteractiveShellApp.exec_lines = [
        "from bluesky.run_engine import autoawait_in_bluesky_event_loop as _autoawait; _autoawait(); del _autoawait"
    ]
    config.HistoryManager.enabled = False
    click.echo(f"Here are {', '.join(names)}.{_FIRST_LINES}")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    start_ipython(argv=[], user_ns=names, config=config)
