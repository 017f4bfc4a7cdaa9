"""Words with a fixed set of values: access, format, connect policy, protocol, events."""

from typing import Literal

Access = Literal["r", "w", "rw"]
ACCESSES: tuple[str, ...] = ("r", "w", "rw")

#: How a signal, child or vector takes part in the documents of its device.
Format = Literal["hinted", "read", "config", "uncached", "hinted_uncached", "child", "none"]
SIGNAL_FORMATS: tuple[str, ...] = ("hinted", "read", "config", "uncached", "hinted_uncached", "none")
CHILD_FORMATS: tuple[str, ...] = ("child", "none")

ConnectPolicy = Literal["required", "optional", "lazy", "mock"]
CONNECT_POLICIES: tuple[str, ...] = ("required", "optional", "lazy", "mock")

#: Control systems that an address can name by its scheme.
PROTOCOLS: tuple[str, ...] = ("ca", "pva", "tango")
DEFAULT_PROTOCOL = "ca"

Wait = Literal["yes", "no", "non_zero"]
Events = Literal["auto", "change", "periodic", "archive", "data_ready", "none"]
EVENTS: tuple[str, ...] = ("auto", "change", "periodic", "archive", "data_ready", "none")
Verify = Literal["none", "readback"]
#: When `settings restore` puts a value: in this phase, lowest first, or not at all.
Restore = int | Literal["never"]

#: Seconds that an operation on one signal may take, unless the file says otherwise (design 3, rule 5).
CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 5.0
WRITE_TIMEOUT_S = 10.0
