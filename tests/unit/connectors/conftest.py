"""Connectors that are used alone, without devices."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ophyd_decl.connectors.pva import PvaConnector


@pytest.fixture
async def pva() -> AsyncIterator[PvaConnector]:
    """Give the connector of pvAccess on the loop of the test."""
    connector = PvaConnector()
    connector.bind(asyncio.get_running_loop())
    yield connector
    await connector.close()
