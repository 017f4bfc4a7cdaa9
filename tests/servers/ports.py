"""The ports on which the servers of this test process may run.

libca reads its address list once per process, so every port that a test will ever use has to be known before the
first connection. The pool is claimed when the tests begin, in the way in which the demo's server claims its ports:
another test process, and a demo, get others. Ports that no server uses are searched in vain and cost nothing.
"""

from collections import deque

from ophyd_decl.sim.ports import PortClaim, Ports

#: As many servers can run at the same time.
SIZE = 8


class PortPool:
    """Pairs of ports for Channel Access and pvAccess, below the range of ephemeral ports."""

    def __init__(self, size: int = SIZE) -> None:
        self._claims = [PortClaim() for _ in range(size + 1)]
        #: Where clients listen to beacons: a server must not share its UDP port with a client, which would get half
        #: of the searches.
        self.client: Ports = self._claims[0].ports
        self.servers: tuple[Ports, ...] = tuple(claim.ports for claim in self._claims[1:])
        self._unused = deque(self.servers)

    @property
    def unused(self) -> int:
        """Return on how many pairs nothing runs."""
        return len(self._unused)

    def take(self) -> Ports:
        """Return ports on which nothing runs, those that have been unused longest.

        :raises RuntimeError: if every pair of the pool is in use.
        """
        if not self._unused:
            raise RuntimeError(f"all {len(self.servers)} pairs of ports are in use: too many servers at a time")
        return self._unused.popleft()

    def give_back(self, ports: Ports) -> None:
        """Let another server have these ports."""
        self._unused.append(ports)

    def release(self) -> None:
        """Give up the claims; other processes may now use the ports."""
        for claim in self._claims:
            claim.release()
