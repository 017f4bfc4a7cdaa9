"""The shell of `demo --shell`: IPython with a RunEngine, Bluesky's plans and the devices."""

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
    """Run the shell until the user leaves it.

    :raises click.UsageError: if IPython is not installed.
    """
    try:
        from IPython import start_ipython
        from traitlets.config import Config
    except ImportError:
        raise click.UsageError("--shell needs IPython: pip install 'ophyd-decl[demo]'") from None
    import bluesky.plan_stubs as bps
    import bluesky.plans as bp
    from bluesky.callbacks.core import LiveTable

    names: dict[str, Any] = {**beamline.devices, "RE": run_engine, "bl": beamline, "bp": bp, "bps": bps}
    names["LiveTable"] = LiveTable
    config: Any = Config()
    config.TerminalIPythonApp.display_banner = False
    config.InteractiveShellApp.exec_lines = [
        "from bluesky.utils import autoawait_in_bluesky_event_loop as _autoawait; _autoawait(); del _autoawait"
    ]
    config.HistoryManager.enabled = False
    click.echo(f"Here are {', '.join(names)}.{_FIRST_LINES}")
    start_ipython(argv=[], user_ns=names, config=config)
