"""From a running device to the YAML that declares it: it is connected as one that fills itself, and written down.

A control system adds a source (`sources.py`): how a device that fills itself is made from an address, and which keys
say where a member is. Nothing else here knows one. It must not write files.
"""

from .reading import introspect
from .sources import SOURCES, SourceError, source_of
from .writing import Written, write

__all__ = ["SOURCES", "SourceError", "Written", "introspect", "source_of", "write"]
