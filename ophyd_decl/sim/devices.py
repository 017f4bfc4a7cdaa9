"""The devices of the demo, on points of any protocol."""

from collections.abc import Callable

from .motor import Motor
from .point_detector import PointDetector
from .points import Points


def make_devices(points: Callable[..., Points], velocity: float) -> None:
    """Make them; what they show keeps them alive.

    :param points: gives the points of the device whose name has these parts: family, and member if there are several.
    :param velocity: of the motors at first, EGU/s.
    """
    x = Motor(points("stage", "x"), units="mm", limits=(-25, 25), velocity=velocity)
    y = Motor(points("stage", "y"), units="mm", limits=(-25, 25), velocity=velocity)
    Motor(points("mono", "bragg"), units="deg", limits=(1, 60), position=10, velocity=velocity)
    PointDetector(points("det"), x=x, y=y)
