"""Tango, on pytango.

The rest of the package must not be imported by other layers: what leaves it is in `protocol` and `errors`.

One `DeviceProxy` for each Tango device, one call for each device in a bulk request. pytango blocks, so calls are made
in threads; each has a client time-out, after which it ends. What the client library starts at its first use, omniORB
and ZMQ, lives as long as the process.
"""

from .connector import TangoConnector

__all__ = ["TangoConnector"]
