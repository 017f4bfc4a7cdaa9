"""`demo`: the whole way from YAML to a map, with a control system of its own."""

import importlib.util
import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import READ_ONLY, common_options

if TYPE_CHECKING:
    from ..session.beamline import Beamline

#: Fast enough that a scan takes some seconds: speed in mm/s, and time to reach it in s.
VELOCITY = 100.0
ACCELERATION_TIME = 0.02
#: Of both axes, in mm; what the detector sees changes slowly here, so that few points show it.
SCAN_RANGE = (-2, 2)


@click.command(
    "demo",
    epilog="""\b
Examples:
  ophyd-decl demo
  ophyd-decl demo --points 21 --output map.png
  ophyd-decl demo --shell
  ophyd-decl demo --tango
""",
)
@click.option("--tango", is_flag=True, help="Serve and scan the same devices on Tango.")
@click.option("--shell", is_flag=True, help="Leave an IPython shell with RE, bl, bp, bps and the devices.")
@click.option(
    "--points", type=click.IntRange(2, 200), default=9, show_default=True, help="Points of the scan along each axis."
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="File of the map, or a folder for it.  [default: current folder]"
)
@click.option("--force", is_flag=True, help="Replace the file of the map if it is there.")
@click.option("--read-only", is_flag=True, help="Refuse whatever would write, before anything is sent; for `--shell`.")
@common_options
def command(tango: bool, shell: bool, points: int, output: Path | None, force: bool, read_only: bool) -> None:
    """Serve a small beamline on loopback, scan it with Bluesky and draw what was measured.

    Needs nothing else running. The last line is the path of the map. Nothing else is left behind.
    """
    from ..demo import beamline_folder
    from ..sim.launch import DemoServer, TangoDemoServer
    from .demo_map import map_file

    kind = TangoDemoServer if tango else DemoServer
    _require(*kind.packages, *(["IPython"] if shell else ["matplotlib"]))
    target = map_file(output, force)
    folder = beamline_folder(kind.beamline)
    click.echo(f"Starting a control system of its own: {kind.title} on 127.0.0.1")
    with kind(velocity=VELOCITY) as server:
        _use_environment(server.environment)
        click.echo(f"Loading {folder}")
        beamline, run_engine = _load(folder, server.settings, shell, read_only)
        try:
            report = beamline.connect()
            click.echo(_connected(report))
            report.or_raise()
            if shell:
                from .demo_shell import start

                start(beamline, run_engine)
                return
            _scan(beamline, run_engine, server, points, target)
        finally:
            if server.alive:
                beamline.close()


def _require(*packages: str) -> None:
    """Raise before anything is started if a package is not installed.

    :raises click.UsageError: names what is missing, and the line that installs it.
    """
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        extras = ",".join(sorted({"tango" if package == "tango" else "demo" for package in missing}))
        raise click.UsageError(f"the demo needs {', '.join(missing)}: pip install 'ophyd-decl[{extras}]'")


def _use_environment(variables: dict[str, str]) -> None:
    """Make these the only variables of a control system; client libraries read them when they are imported."""
    from ..sim.environment import remove_variables

    remove_variables()
    os.environ.update(variables)


def _load(folder: Path, settings: Mapping[str, str], shell: bool, read_only: bool) -> "tuple[Beamline, Any]":
    """Return the beamline and a RunEngine; without a shell Ctrl-C ends the command instead of pausing the plan."""
    from bluesky.run_engine import RunEngine

    from ..session.load import load_beamline

    run_engine: Any = RunEngine({}, context_managers=None if shell else [], call_returns_result=shell)
    return load_beamline(folder, set={**settings, **(READ_ONLY if read_only else {})}), run_engine


def _connected(report: Any) -> str:
    from .report_text import report_text

    return report_text(report)


def _scan(beamline: "Beamline", run_engine: Any, server: Any, points: int, target: Path) -> None:
    """Scan the stage with the live table, and draw the map."""
    from bluesky.callbacks.core import LiveTable

    from ..tools.map_plot import MapCollector
    from .demo_watch import Interruptible

    devices: Any = beamline
    stage, detector, mono = devices.stage, devices.pdet, devices.mono
    bps: Any = import_module("bluesky.plan_stubs")
    bp: Any = import_module("bluesky.plans")
    collector = MapCollector()
    table: Any = LiveTable([stage.x.name, stage.y.name, *detector.hints["fields"]], out=_print)
    with Interruptible(run_engine, server) as interruptible:
        click.echo("Moving the monochromator to 12 keV: RE(bps.mv(mono, 12))")
        hurry = [stage.x.acceleration_time, ACCELERATION_TIME, stage.y.acceleration_time, ACCELERATION_TIME]
        interruptible.run(bps.mv(mono, 12.0, detector.acquire_time, 0.05, *hurry))
        low, high = SCAN_RANGE
        click.echo(
            f"Scanning: RE(bp.grid_scan([pdet], stage.x, {low}, {high}, {points}, stage.y, {low}, {high}, {points}))"
        )
        plan = bp.grid_scan([detector], stage.x, low, high, points, stage.y, low, high, points)
        interruptible.run(plan, [table, collector])
    click.echo("Drawing the map")
    click.echo(str(collector.write(target)))


def _print(line: str) -> None:
    click.echo(line)
