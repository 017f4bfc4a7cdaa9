"""pvAccess, on p4p's raw client, which is pvxs.

The rest of the package must not be imported by other layers: what leaves it is in `protocol` and `errors`.

A connector in use has threads: those of its pvxs context, and one that disposes of operations. `close` ends them, but
for the one with which pvxs follows the network interfaces, which lives as long as the process.
"""

from .connector import PvaConnector

__all__ = ["PvaConnector"]
