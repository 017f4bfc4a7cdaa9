"""Which motors the demo has, whatever the protocol."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Motor:
    """What is known of a motor before it runs.

    :param units: EGU of positions.
    :param limits: soft limits, EGU.
    :param position: where it stands at first, EGU.
    """

    units: str = "mm"
    limits: tuple[float, float] = (-25, 25)
    position: float = 0.0


#: The axes of the stage, which the point detector looks at.
X, Y = ("stage", "x"), ("stage", "y")
#: By the parts of their names: family and member.
MOTORS = {X: Motor(), Y: Motor(), ("mono", "bragg"): Motor("deg", (1, 60), 10)}
