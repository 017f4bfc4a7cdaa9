"""The arithmetic of a move."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ophyd_decl.sim.trajectory import Trajectory

positions = st.floats(-100, 100).map(lambda position: round(position, 3))


def test_long_move_is_a_trapezoid() -> None:
    move = Trajectory.plan(0, 10, velocity=2, acceleration_time=0.5)
    assert move.duration_s == pytest.approx(5.5)
    assert move.position(0.5) == pytest.approx(0.5)
    assert move.position(1.5) == pytest.approx(2.5)
    assert move.position(5.0) == pytest.approx(9.5)


def test_short_move_never_reaches_full_velocity() -> None:
    move = Trajectory.plan(1, 0.9, velocity=1, acceleration_time=0.5)
    assert move.peak_velocity == pytest.approx(-(0.2**0.5))
    assert move.duration_s == pytest.approx(2 * 0.05**0.5)
    assert move.position(move.duration_s / 2) == pytest.approx(0.95)


def test_without_acceleration_time_the_velocity_is_constant() -> None:
    move = Trajectory.plan(0, 3, velocity=2, acceleration_time=0)
    assert move.duration_s == 1.5
    assert move.position(0.75) == pytest.approx(1.5)


def test_no_distance_takes_no_time() -> None:
    move = Trajectory.plan(2, 2, velocity=1, acceleration_time=0.5)
    assert (move.duration_s, move.position(0)) == (0, 2)


@given(start=positions, end=positions, velocity=st.floats(0.01, 1000), acceleration_time=st.floats(0, 10))
def test_move_is_smooth_keeps_to_the_velocity_and_ends_exactly(
    start: float, end: float, velocity: float, acceleration_time: float
) -> None:
    move = Trajectory.plan(start, end, velocity, acceleration_time)
    steps = 40
    times = [*(move.duration_s * step / steps for step in range(steps)), move.duration_s]
    places = [move.position(time) for time in times]
    assert places[0] == start
    assert places[-1] == end
    assert move.position(move.duration_s + 1) == end
    assert all(min(start, end) - 1e-9 <= place <= max(start, end) + 1e-9 for place in places)
    largest = velocity * move.duration_s / steps
    for before, after in pairwise(places):
        assert abs(after - before) <= largest * (1 + 1e-6) + 1e-9
        assert (after - before) * (end - start) >= -1e-9
