"""The map of a grid scan: placed by positions, drawn pixel by pixel."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ophyd_decl.tools.map_plot import Axis, Map, MapCollector, MapError, axis_positions, draw, grid

SIGNAL = "pdet-channel-1-value"


def documents(
    events: Sequence[tuple[float, float, float]], *, shape: tuple[int, int] = (3, 2), **start: Any
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give the documents of a grid scan with these events: x, y, counts."""
    yield (
        "start",
        {
            "uid": "0123456789ab",
            "scan_id": 7,
            "plan_name": "grid_scan",
            "hints": {"gridding": "rectilinear", "dimensions": [(["stage-x"], "primary"), (["stage-y"], "primary")]},
            "shape": shape,
            "extents": ([1, 2], [2, 3]),
            **start,
        },
    )
    number: dict[str, Any] = {"dtype": "number", "shape": [], "source": "ca://X", "units": "mm"}
    counts: dict[str, Any] = {"dtype": "integer", "shape": [], "source": "pva://DET"}
    text: dict[str, Any] = {"dtype": "string", "shape": [], "source": "pva://MODE"}
    yield "descriptor", {"uid": "b", "run_start": "0123456789ab", "name": "baseline", "data_keys": {}, "hints": {}}
    yield (
        "descriptor",
        {
            "uid": "d",
            "name": "primary",
            "data_keys": {"mode": text, "stage-x": number, "stage-y": number, SIGNAL: counts},
            "hints": {
                "pdet": {"fields": ["mode", SIGNAL]},
                "stage-x": {"fields": ["stage-x"]},
                "stage-y": {"fields": ["stage-y"]},
            },
        },
    )
    yield "event", {"descriptor": "b", "data": {"other": 1}}
    for number_of_event, (x, y, value) in enumerate(events, 1):
        data = {"mode": "a", "stage-x": x, "stage-y": y, SIGNAL: value}
        yield "event", {"descriptor": "d", "seq_num": number_of_event, "data": data}
    yield "stop", {"exit_status": "success"}


def collect(*arguments: Any, **keywords: Any) -> MapCollector:
    """Return a collector that has seen such a scan."""
    collector = MapCollector()
    for name, document in documents(*arguments, **keywords):
        collector(name, document)
    return collector


FULL = [(1, 2, 10), (1, 3, 20), (1.5, 2, 30), (1.5, 3, 40), (2, 2, 50), (2, 3, 60)]
PICTURE = [[10, 30, 50], [20, 40, 60]]


def test_values_stand_where_their_positions_are() -> None:
    picture = collect(FULL).map()
    assert picture.values.tolist() == PICTURE
    assert picture.x.positions.tolist() == [1, 1.5, 2]
    assert (picture.x.label, picture.y.label, picture.label) == ("stage-x (mm)", "stage-y (mm)", SIGNAL)
    assert "scan 7" in picture.title
    assert "grid_scan" in picture.title
    assert "01234567" in picture.title


def test_order_of_events_does_not_matter() -> None:
    snake = [FULL[0], FULL[1], FULL[3], FULL[2], FULL[4], FULL[5]]
    assert collect(snake).map().values.tolist() == PICTURE
    assert collect(FULL[::-1], extents=([2, 1], [3, 2])).map().values.tolist() == PICTURE


def test_missing_point_is_an_empty_pixel() -> None:
    values = collect(FULL[:1] + FULL[2:-1]).map().values
    assert np.isnan(values[1, 0])
    assert np.isnan(values[1, 2])
    assert np.nansum(values) == 130


def test_readback_beside_the_setpoint_is_in_the_same_pixel() -> None:
    events = [(x + 0.02, y - 0.03, value) for x, y, value in FULL]
    assert collect(events).map().values.tolist() == PICTURE


def test_scan_relative_to_where_the_motors_stood() -> None:
    events = [(x - 11, y + 100, value) for x, y, value in FULL]
    picture = collect(events).map()
    assert picture.values.tolist() == PICTURE
    assert picture.x.positions.tolist() == [-10, -9.5, -9]


def test_one_row() -> None:
    picture = collect(FULL[::2], shape=(3, 1), extents=([1, 2], [2, 2])).map()
    assert picture.values.tolist() == PICTURE[:1]
    assert picture.y.edges == (1.5, 2.5)


def test_page_of_events() -> None:
    collector = MapCollector()
    for name, document in documents([]):
        collector(name, document)
    columns = {
        "stage-x": [x for x, _, _ in FULL],
        "stage-y": [y for _, y, _ in FULL],
        SIGNAL: [value for *_, value in FULL],
    }
    collector("event_page", {"descriptor": "d", "data": columns})
    assert collector.map().values.tolist() == PICTURE


def test_next_scan_replaces_the_one_before() -> None:
    collector = collect(FULL)
    for name, document in documents([(x, y, -value) for x, y, value in FULL]):
        collector(name, document)
    assert collector.map().values.tolist() == [[-10, -30, -50], [-20, -40, -60]]


@pytest.mark.parametrize(
    ("keywords", "events", "signal", "message"),
    [
        ({}, [], None, "no events"),
        ({"hints": {"dimensions": [(["stage-x"], "primary")]}}, FULL, None, "not over 1"),
        ({}, FULL, "nonsense", "have no nonsense"),
        ({}, FULL, "mode", "mode is not one number"),
    ],
)
def test_what_makes_no_map_says_why(keywords: Any, events: Any, signal: str | None, message: str) -> None:
    collector = collect(events, **keywords)
    collector.signal = signal
    with pytest.raises(MapError, match=message):
        collector.map()


def test_no_documents_make_no_map() -> None:
    with pytest.raises(MapError, match="two motors"):
        MapCollector().map()


def test_positions_without_an_extent_come_from_the_events() -> None:
    assert axis_positions(np.array([3.0, 1.0, 2.0, 1.0]), None, None).tolist() == [1, 2, 3]
    assert axis_positions(np.array([3.0, 3.0]), None, None).tolist() == [3]


def test_last_of_several_events_in_a_pixel_counts() -> None:
    x, y = Axis("x", None, np.array([0.0, 1.0])), Axis("y", None, np.array([0.0]))
    events = [{"x": 0, "y": 0, "s": 1}, {"x": 0.1, "y": 0, "s": 2}, {"x": 1, "y": 0, "s": 3}]
    assert grid(events, x, y, "s").tolist() == [[2, 3]]


@pytest.fixture(scope="module")
def matplotlib_image() -> Any:
    """Return matplotlib's reader of images; matplotlib has opened its fonts, which it keeps open."""
    image = pytest.importorskip("matplotlib.image")
    axis = Axis("x", None, np.array([0.0, 1.0]))
    figure: Any = draw(Map("title", axis, axis, "counts", np.ones((2, 2))))
    figure.canvas.draw()
    return image


def test_pixels_of_the_file_follow_the_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, matplotlib_image: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    collector = collect(FULL[:-1])
    path = collector.write("map.png")
    assert path == tmp_path / "map.png"
    pixels = matplotlib_image.imread(path)
    figure: Any = draw(collector.map())
    figure.canvas.draw()
    axes, bar = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("stage-x (mm)", "stage-y (mm)")
    assert bar.get_ylabel() == SIGNAL
    picture = axes.images[0]
    for x, y, value in FULL[:-1]:
        expected = picture.cmap(picture.norm(value))
        assert colour(pixels, axes, x, y) == pytest.approx(expected, abs=1 / 128)
    assert colour(pixels, axes, 2, 3)[:3] == pytest.approx((211 / 255,) * 3, abs=1 / 128), "grey where nothing is"
    assert colour(pixels, axes, 1.26, 2.01) == pytest.approx(picture.cmap(picture.norm(30)), abs=1 / 128)
    assert colour(pixels, axes, 1.24, 2.49) == pytest.approx(picture.cmap(picture.norm(10)), abs=1 / 128)


def colour(pixels: Any, axes: Any, x: float, y: float) -> tuple[float, ...]:
    """Return the colour of the file at a place of the map."""
    right, up = axes.transData.transform((x, y))
    return tuple(pixels[pixels.shape[0] - 1 - int(up), int(right)])


@pytest.mark.usefixtures("matplotlib_image")
def test_constant_map_can_be_drawn() -> None:
    axis = Axis("x", None, np.array([0.0, 1.0]))
    assert draw(Map("title", axis, axis, "counts", np.zeros((2, 2)))) is not None


PROGRAM = """
import sys, json
sys.path.insert(0, {root!r})
from ophyd_decl.tools.map_plot import Axis, Map, draw
assert "matplotlib" not in sys.modules
import numpy
axis = Axis("x", "mm", numpy.array([0.0, 1.0]))
draw(Map("title", axis, axis, "counts", numpy.zeros((2, 2)))).savefig(sys.argv[1])
"""


#: As on a machine so slow that matplotlib tells what it does.
SLOW = """
import threading
class Soon(threading.Timer):
    def __init__(self, interval, *arguments, **keywords):
        super().__init__(0.0, *arguments, **keywords)
threading.Timer = Soon
"""


@pytest.mark.parametrize("before", ["", SLOW], ids=["fast", "slow"])
def test_home_that_cannot_be_used_is_no_matter(tmp_path: Path, before: str) -> None:
    pytest.importorskip("matplotlib")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "MPL", "DISPLAY"))}
    done = subprocess.run(
        [sys.executable, "-c", before + PROGRAM.format(root=str(Path(__file__).parents[3])), str(tmp_path / "map.png")],
        env=variables | {"HOME": "/proc/nowhere", "TMPDIR": str(temporary)},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "map.png").stat().st_size > 1000
    assert list(temporary.iterdir()) == []
