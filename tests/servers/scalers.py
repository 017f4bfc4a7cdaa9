"""Scaler records in a process of their own; the raw clients of `motors` speak to them, too.

A test takes a scaler that no other has had, so that it need not put anything back.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from ophyd_decl.sim import DemoServer

from . import environment

#: So many scalers has one server.
SCALERS = 60


class Scalers:
    """A server of scalers of eight channels, which count for 1 s; the first four are named clock, I0, It, It."""

    def __init__(self, server: DemoServer) -> None:
        self.server = server
        self._numbers = itertools.count(1)

    def take(self) -> str:
        """Return the name of a scaler that no test has started."""
        number = next(self._numbers)
        assert number <= SCALERS, "more tests than scalers: raise SCALERS"
        return f"{self.server.prefix}S{number}"


@contextmanager
def scalers(prefix: str) -> Iterator[Scalers]:
    """Give a server of scalers that ends with this context."""
    ports = environment.pool().take()
    try:
        names = [f"S{number}" for number in range(1, SCALERS + 1)]
        with DemoServer(prefix, ports=ports, scalers=names) as server:
            yield Scalers(server)
    finally:
        environment.pool().give_back(ports)
