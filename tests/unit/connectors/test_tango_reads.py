"""Bulk requests to Tango: as few calls as there are devices, and one outcome for each request whatever they share."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from ophyd_decl.connectors.protocol import Channel, ReadRequest, Use
from ophyd_decl.connectors.tango import proxies
from ophyd_decl.connectors.tango.trl import Trl
from ophyd_decl.vocab.readings import Limits, Reading
from tests.contract.labs import ANY, FLOAT, FLOATS, TangoLab, until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

DEVICES = {f"test/lab/{number}": "Lab" for number in (1, 2, 3)}


@pytest.fixture(scope="module")
def server(tango_client: None, module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory(DEVICES, numbers=20)


@pytest.fixture
async def lab(server: TangoServer) -> AsyncIterator[TangoLab]:
    async with TangoLab(server) as made:
        yield made


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the calls that were answered of every proxy that is made from here on; on a busy machine some are not."""
    made = proxies.make
    counted: Counter[str] = Counter()

    class Counted:
        def __init__(self, trl: Trl) -> None:
            self._proxy = made(trl)

        def __getattr__(self, name: str) -> Any:
            method = getattr(self._proxy, name)

            def call(*arguments: Any) -> Any:
                answer = method(*arguments)
                counted[name] += 1
                return answer

            return call

    monkeypatch.setattr(proxies, "make", Counted)
    return counted


async def read(lab: TangoLab, channels: list[Channel]) -> list[Any]:
    return await lab.connector.read([ReadRequest(channel, time.monotonic() + 5.0) for channel in channels])


async def test_one_call_for_each_device_describes_it_and_one_reads_it(
    lab: TangoLab, server: TangoServer, calls: Counter[str]
) -> None:
    channels = [
        lab.connector.channel(server.address(f"n{number}", device), FLOAT) for device in DEVICES for number in range(20)
    ]
    await lab.connect(*channels)
    assert calls["get_attribute_config_ex"] == len(DEVICES)
    assert calls["read_attributes"] == 0
    readings = await read(lab, channels)
    assert [reading.value for reading in readings] == [float(number) for _ in DEVICES for number in range(20)]
    assert calls["read_attributes"] == len(DEVICES)
    assert calls["attribute_list_query_ex"] == calls["command_list_query"] == 0


async def test_arrays_cost_one_call_more_for_each_device_to_connect(
    lab: TangoLab, server: TangoServer, calls: Counter[str]
) -> None:
    """Their sizes are in no configuration: all arrays of a device are read once, and nothing else is."""
    declared = [("n1", FLOAT), ("spectrum", FLOATS), ("pushed_spectrum", FLOATS)]
    channels = [
        lab.connector.channel(server.address(name, device), datatype)
        for device in DEVICES
        for name, datatype in declared
    ]
    await lab.connect(*channels)
    assert calls["get_attribute_config_ex"] == len(DEVICES)
    assert calls["read_attributes"] == len(DEVICES)
    shapes = [channel.description.shape for channel in channels if channel.description is not None]
    assert shapes == [(), (3,), (3,)] * len(DEVICES)
    readings = await read(lab, channels)
    assert [np.shape(reading.value) for reading in readings] == shapes
    assert calls["read_attributes"] == 2 * len(DEVICES)


async def test_an_attribute_that_is_used_in_two_ways_is_read_once_for_both(lab: TangoLab, calls: Counter[str]) -> None:
    addresses = [lab.address("n3"), lab.address("n3"), lab.address("N3")]
    uses = [Use(), Use(events="none"), Use(events="none", poll_s=7.0)]
    channels = [lab.connector.channel(address, FLOAT, None, use) for address, use in zip(addresses, uses, strict=True)]
    await lab.connect(*channels)
    readings = await read(lab, channels)
    assert all(isinstance(reading, Reading) for reading in readings), readings
    assert [reading.value for reading in readings] == [3.0, 3.0, 3.0]
    assert calls["read_attributes"] == 1


async def test_one_that_gives_no_value_does_not_take_the_others_with_it(lab: TangoLab) -> None:
    channels = [lab.connector.channel(lab.address(name), FLOAT) for name in ("n1", "raising", "invalid", "n2")]
    await lab.connect(*channels)
    one, raising, invalid, two = await read(lab, channels)
    assert (one.value, two.value) == (1.0, 2.0)
    assert "the sensor is not connected" in str(raising)
    assert "its quality is INVALID" in str(invalid)


async def test_attributes_that_are_alike_share_what_was_made_of_them_and_no_others_do(lab: TangoLab) -> None:
    declared = [("n1", FLOAT), ("n2", FLOAT), ("n2", ANY), ("number", FLOAT), ("axis", FLOAT)]
    channels = [lab.connector.channel(lab.address(name), datatype) for name, datatype in declared]
    await lab.connect(*channels)
    one, two, other_type, other_limits, other_unit = [channel.description for channel in channels]
    assert one is two
    assert other_type is not one
    assert other_limits is not None
    assert other_unit is not None
    assert (other_limits.units, other_limits.limits) == ("mm", Limits(-50.0, 50.0))
    assert (other_unit.units, other_unit.limits) == (None, None)


@pytest.mark.parametrize("missing", [(), ("nowhere",)], ids=["all there", "one missing"])
async def test_each_is_given_its_own_configuration_whatever_is_asked_for_with_it(
    lab: TangoLab, missing: tuple[str, ...]
) -> None:
    names = ["N2", "guarded_range", "n1", "axis", *missing, "Number", "whole", "guarded_range", "n0"]
    channels = [lab.connector.channel(lab.address(name), FLOAT) for name in names]
    await lab.connect(*channels)
    found = {
        name: None if (said := channel.description) is None else (said.units, said.limits, said.alarm, said.warning)
        for name, channel in zip(names, channels, strict=True)
    }
    assert found.pop("nowhere", None) is None
    assert found == {
        "N2": ("mm", None, None, None),
        "guarded_range": ("mm", Limits(-100.0, 100.0), Limits(-50.0, 50.0), Limits(-40.0, 40.0)),
        "n1": ("mm", None, None, None),
        "axis": (None, None, None, None),
        "Number": ("mm", Limits(-50.0, 50.0), None, None),
        "whole": ("s", None, None, None),
        "n0": ("mm", None, None, None),
    }


async def test_labels_are_asked_for_once_more_and_then_by_puts_alone_while_the_device_tells_of_new_ones(
    calls: Counter[str], lab: TangoLab
) -> None:
    channels = [await lab.connected(name, ANY) for name in ("mode", "pushed_mode", "n1", "State")]
    links: list[Any] = [channel.link for channel in channels]
    before = calls["get_attribute_config_ex"]
    await read(lab, channels)
    assert calls["get_attribute_config_ex"] == before + 1
    await until(lambda: not any(link.asks_labels for link in links))
    assert [link._watch is not None for link in links] == [True, True, False, False]
    await read(lab, channels)
    before = calls["get_attribute_config_ex"]
    for _ in range(5):
        await read(lab, channels)
    assert calls["get_attribute_config_ex"] == before
    assert await lab.put(channels[0], "High") is None
    assert calls["get_attribute_config_ex"] == before + 1
