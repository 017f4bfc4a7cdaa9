"""The counts of the point detector, against figures that ophyd-async 0.21.3 gave for the scan of its tutorial."""

import pytest

from ophyd_decl.sim.pattern import counts, intensity, update_times


def test_counts_are_those_of_ophyd_async(ophyd_async_row: tuple[float, float, int, int, int]) -> None:
    x, y, *expected = ophyd_async_row
    assert [counts(x, y, channel, False, 0.1) for channel in (1, 2, 3)] == expected


def test_mode_changes_the_pattern() -> None:
    assert intensity(1, 2, 1, high_energy=False) != intensity(1, 2, 1, high_energy=True)


def test_intensity_stays_between_0_and_1() -> None:
    places = [step / 4 for step in range(-40, 41)]
    values = [
        intensity(x, y, channel, mode)
        for x in places
        for y in places[::5]
        for channel in (1, 2, 3)
        for mode in (False, True)
    ]
    assert 0 <= min(values) <= max(values) <= 1


@pytest.mark.parametrize(
    ("exposure_s", "expected"),
    [(0.05, [0.05]), (0.1, [0.1]), (0.25, [0.1, 0.2, 0.25]), (0.3, [0.1, 0.2, 0.3])],
)
def test_counts_are_updated_every_tenth_of_a_second_and_at_the_end(exposure_s: float, expected: list[float]) -> None:
    assert update_times(exposure_s) == pytest.approx(expected)
    assert update_times(exposure_s)[-1] == exposure_s
