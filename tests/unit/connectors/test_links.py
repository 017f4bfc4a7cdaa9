"""Links by the thousand: what each of them takes."""

import gc
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from ophyd_decl.connectors.linked_channel import LinkedChannel
from ophyd_decl.connectors.protocol import Channel
from tests.contract.labs import FLOAT, EpicsLab, RemoteLab, Seen, TangoLab, until
from tests.servers.fixtures import IocFactory, TangoFactory

#: More than the objects of a class whose attributes CPython takes into the table of their names.
COUNT = 100


def epics(factory: IocFactory) -> RemoteLab:
    return EpicsLab("pva", factory("\n".join(f'record(ao, "$(P)n{number}") {{}}' for number in range(COUNT))))


def tango(factory: TangoFactory) -> RemoteLab:
    return TangoLab(factory(numbers=COUNT))


@pytest.fixture(params=["pva", "tango"])
def many(
    request: pytest.FixtureRequest, ioc_factory: IocFactory, tango_client: None, tango_factory: TangoFactory
) -> Any:
    return epics(ioc_factory) if request.param == "pva" else tango(tango_factory)


async def connected(lab: RemoteLab, channels: list[Channel]) -> None:
    """Do nothing more."""
    del lab, channels


async def read(lab: RemoteLab, channels: list[Channel]) -> None:
    await lab.read(*channels)


async def monitored(lab: RemoteLab, channels: list[Channel]) -> None:
    seen = [Seen() for _ in channels]
    for channel, one in zip(channels, seen, strict=True):
        lab.connector.monitor(channel, one)
    await until(lambda: all(one.values for one in seen))
    if lab.protocol == "tango":
        await until(lambda: all(channel.updates for channel in channels), 20.0)


USES: dict[str, Callable[[RemoteLab, list[Channel]], Coroutine[Any, Any, Any]]] = {
    "connected": connected,
    "read": read,
    "monitored": monitored,
}


@pytest.mark.parametrize("use", USES)
async def test_a_link_has_no_dictionary_of_its_own(many: RemoteLab, use: str) -> None:
    async with many as lab:
        channels = [lab.channel(f"n{number}", FLOAT) for number in range(COUNT)]
        await lab.connect(*channels)
        await USES[use](lab, channels)
        links = [cast(LinkedChannel, channel).link for channel in channels]
        assert all(link.phase == "ready" for link in links)
        if lab.protocol == "tango" or use != "monitored":  # pvAccess has one name too many for that
            assert sum(map(has_dictionary, links)) == 0


def has_dictionary(link: Any) -> bool:
    return any(isinstance(held, dict) and "phase" in held for held in gc.get_referents(link))
