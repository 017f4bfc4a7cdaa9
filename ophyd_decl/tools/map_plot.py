"""Draw the map of a grid scan as a PNG, from its documents.

Each pixel is placed by the positions in its event, not by the order of the events: a scan that goes to and fro, or
that lost a point, gives a true map, with an empty pixel where nothing was measured.

matplotlib (extra `plot`) is imported when a map is drawn, without its global state and without a display.
"""

import atexit
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OphydDeclError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Document = Mapping[str, Any]

SIZE_INCH, DOTS_PER_INCH = (7.0, 5.2), 120


class MapError(OphydDeclError):
    """The documents do not make a map; says what is missing."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a map.

    :param positions: where its pixels are, ascending and evenly spaced, in `units`.
    """

    name: str
    units: str | None
    positions: NDArray[np.float64]

    @property
    def label(self) -> str:
        """Return name and units."""
        return f"{self.name} ({self.units})" if self.units else self.name

    @property
    def step(self) -> float:
        """Return the distance of two pixels; 1 if there is only one."""
        return float(self.positions[1] - self.positions[0]) if len(self.positions) > 1 else 1.0

    @property
    def edges(self) -> tuple[float, float]:
        """Return where the first pixel begins and the last one ends."""
        return float(self.positions[0] - self.step / 2), float(self.positions[-1] + self.step / 2)

    def index(self, position: float) -> int:
        """Return the pixel that a position is in, or next to."""
        return min(max(round((position - float(self.positions[0])) / self.step), 0), len(self.positions) - 1)


@dataclass(frozen=True, slots=True)
class Map:
    """One signal over two axes.

    :param x: axis of the scan's first motor.
    :param y: axis of the scan's second motor.
    :param label: name of the signal, and units if it has some.
    :param values: shape (len(y), len(x)); NaN where nothing was measured.
    """

    title: str
    x: Axis
    y: Axis
    label: str
    values: NDArray[np.float64]


@dataclass(eq=False)  # bluesky keeps its callbacks in dictionaries
class MapCollector:
    """A callback that keeps the documents of one grid scan: `RE(grid_scan(...), collector)`.

    :param signal: key of the signal to draw; None: the first hinted number that is no motor.
    """

    signal: str | None = None
    _start: Document = field(default_factory=dict[str, Any])
    _descriptor: Document = field(default_factory=dict[str, Any])
    _events: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])

    def __call__(self, name: str, document: Document) -> None:
        """Keep what matters of a document; a new start forgets the scan before."""
        if name == "start":
            self._start, self._descriptor, self._events = document, {}, []
        elif name == "descriptor" and document.get("name") == "primary":
            self._descriptor = document
        elif name == "event" and self._is_ours(document):
            self._events.append(document["data"])
        elif name == "event_page" and self._is_ours(document):
            columns: Mapping[str, Sequence[Any]] = document["data"]
            rows = zip(*columns.values(), strict=True)
            self._events.extend(dict(zip(columns, row, strict=True)) for row in rows)

    def map(self) -> Map:
        """Return the map of the scan so far.

        :raises MapError: if it was no scan of two motors, or has no events.
        """
        motors = _motors(self._start)
        if not self._events:
            raise MapError("there are no events to make a map of")
        signal = self.signal or _first_signal(self._descriptor, motors)
        missing = [key for key in (*motors, signal) if key not in self._events[0]]
        if missing:
            raise MapError(f"the events have no {', '.join(missing)}")
        shape = self._start.get("shape") or (None, None)
        extents = self._start.get("extents") or (None, None)
        data_keys: Mapping[str, Document] = self._descriptor["data_keys"]
        x, y = (
            Axis(motor, data_keys[motor].get("units"), axis_positions(column(self._events, motor), size, extent))
            for motor, size, extent in zip(motors, shape, extents, strict=True)
        )
        if not _is_number(data_keys[signal]):
            raise MapError(f"{signal} is not one number per event")
        units = data_keys[signal].get("units")
        return Map(
            title=_title(self._start),
            x=x,
            y=y,
            label=f"{signal} ({units})" if units else signal,
            values=grid(self._events, x, y, signal),
        )

    def write(self, path: Path | str) -> Path:
        """Write the map of the scan so far as a PNG and return its absolute path.

        :raises MapError: if there is no map to draw.
        :raises OSError: if the file cannot be written.
        """
        path = Path(path).absolute()
        figure: Any = draw(self.map())
        figure.savefig(path, format="png")
        return path

    def _is_ours(self, document: Document) -> bool:
        return bool(self._descriptor) and document.get("descriptor") == self._descriptor["uid"]


def column(events: Sequence[Mapping[str, Any]], key: str) -> NDArray[np.float64]:
    """Return the values of one key, in the order of the events."""
    return np.array([event[key] for event in events], dtype=np.float64)


def axis_positions(
    positions: NDArray[np.float64], size: int | None, extent: Sequence[float] | None
) -> NDArray[np.float64]:
    """Return where the pixels of an axis are, ascending and evenly spaced.

    :param positions: where the motor was at each event.
    :param size: number of pixels; None: as many as there are different positions.
    :param extent: first and last position as the scan was asked for. It is not used when the motor was elsewhere,
        which is so in a scan relative to where the motor stood.
    """
    low, high = float(positions.min()), float(positions.max())
    size = size or len(np.unique(positions))
    if extent is not None:
        wanted = np.linspace(min(extent), max(extent), size)
        near = Axis("", None, wanted).step / 2 if size > 1 else np.inf
        if wanted[0] - near <= low and high <= wanted[-1] + near:
            return wanted
    return np.linspace(low, high, size) if size > 1 else np.array([(low + high) / 2])


def grid(events: Sequence[Mapping[str, Any]], x: Axis, y: Axis, signal: str) -> NDArray[np.float64]:
    """Return the values of a signal as a picture, shape (len(y), len(x)), NaN where there is no event.

    Of several events in one pixel the last counts.
    """
    values = np.full((len(y.positions), len(x.positions)), np.nan)
    for event in events:
        values[y.index(event[y.name]), x.index(event[x.name])] = event[signal]
    return values


def draw(picture: Map) -> "Figure":
    """Draw a map: first motor to the right, second motor upwards, grey where nothing was measured."""
    _prepare_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=SIZE_INCH, dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    image = axes.imshow(
        picture.values,
        extent=(*picture.x.edges, *picture.y.edges),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="viridis",
    )
    axes.set_facecolor("lightgrey")
    axes.set_title(picture.title)
    axes.set_xlabel(picture.x.label)
    axes.set_ylabel(picture.y.label)
    figure.colorbar(image, ax=axes, label=picture.label)
    return figure


def _motors(start: Document) -> tuple[str, str]:
    dimensions: Sequence[tuple[Sequence[str], str]] = start.get("hints", {}).get("dimensions", ())
    names = [fields[0] for fields, stream in dimensions if stream == "primary" and len(fields) == 1]
    if len(names) != 2 or len(dimensions) != 2:
        raise MapError(f"a map needs a scan over two motors, not over {len(dimensions)}")
    return names[0], names[1]


def _first_signal(descriptor: Document, motors: Sequence[str]) -> str:
    hints: Mapping[str, Mapping[str, Sequence[str]]] = descriptor["hints"]
    hinted = [key for device in hints.values() for key in device.get("fields", ()) if key not in motors]
    numbers = [key for key in hinted if _is_number(descriptor["data_keys"][key])]
    if not numbers:
        raise MapError("no signal of the scan is hinted and a number; name the one to draw")
    return numbers[0]


def _is_number(data_key: Document) -> bool:
    return data_key["dtype"] in {"number", "integer", "boolean"} and not data_key["shape"]


def _title(start: Document) -> str:
    parts = [f"scan {start['scan_id']}" if "scan_id" in start else None, start.get("plan_name"), start["uid"][:8]]
    return "  ·  ".join(part for part in parts if part)


def _prepare_matplotlib() -> None:
    """Give matplotlib a temporary folder where it cannot use its own, before it looks for one and complains."""
    if "matplotlib" in sys.modules or "MPLCONFIGDIR" in os.environ or _home_is_usable():
        return
    folder = tempfile.mkdtemp(prefix="ophyd_decl-matplotlib-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["MPLCONFIGDIR"] = folder
    # The fonts are looked through anew each time then; matplotlib tells of it after 5 s, which depends on the load.
    logging.getLogger("matplotlib.font_manager").addFilter(lambda record: "font cache" not in record.getMessage())


def _home_is_usable() -> bool:
    try:
        home = Path.home()
    except RuntimeError:
        return False
    bases = {"XDG_CONFIG_HOME": ".config", "XDG_CACHE_HOME": ".cache"}
    folders = [Path(os.environ.get(variable) or home / base) / "matplotlib" for variable, base in bases.items()]
    return home.is_dir() and all(_can_be_written(folder) for folder in folders)


def _can_be_written(folder: Path) -> bool:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
