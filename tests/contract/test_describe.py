"""Data keys follow the server: an array has the shape that its value has when it is described."""

from typing import Any

from tests.contract.labs import RemoteLab


async def test_the_shape_is_that_of_the_value_now(lab_device: tuple[RemoteLab, Any]) -> None:
    _, device = lab_device
    spectrum = device.spectrum
    assert (await spectrum.describe())[spectrum.name]["shape"] == [3]
    await spectrum.set([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (await spectrum.describe())[spectrum.name]["shape"] == [5]
    await spectrum.stage()
    assert (await spectrum.describe())[spectrum.name]["shape"] == [5]
    await spectrum.unstage()
