"""Channel Access, on the libca that epicscorelibs brings and that aioca uses too.

The rest of the package must not be imported by other layers: what leaves it is in `protocol` and `errors`.

libca keeps threads of its own for the life of its context, that is of the process: one for UDP, a send and a receive
thread for each server, timers, and a repeater. They end in the exit handler of `context`.
"""

from .connector import CaConnector

__all__ = ["CaConnector"]
