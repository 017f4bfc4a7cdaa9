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


@pytest.mark.parametrize("at_s", [0.1, 0.5, 1.2, 2.4])
def test_a_braked_move_slows_down_from_where_it_is(at_s: float) -> None:
    move = Trajectory.plan(0, -4, 2, 0.5)  # 2.5 s
    braked = move.braked(at_s)
    assert braked.position(at_s) == pytest.approx(move.position(at_s))
    assert braked.duration_s == pytest.approx(at_s + min(at_s, 0.5, 2.5 - at_s))
    assert braked.velocity(at_s + 1e-9) == pytest.approx(move.velocity(at_s), rel=1e-6)
    assert braked.position(braked.duration_s) == braked.end
    steps = [braked.position(at_s + step * (braked.duration_s - at_s) / 10) for step in range(11)]
    assert steps == sorted(steps, reverse=True)


def test_a_move_without_ramps_is_braked_at_once() -> None:
    braked = Trajectory.plan(0, 4, 2, 0).braked(0.5)
    assert (braked.end, braked.duration_s) == (1.0, 0.5)
