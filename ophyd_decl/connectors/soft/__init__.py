"""Values that are kept in this process: soft signals, and the stand-ins of mock mode.

No client library, no thread and no file belong here; the rules of `protocol` hold as for a real server.
"""

from .connector import SoftConnector

__all__ = ["SoftConnector"]
