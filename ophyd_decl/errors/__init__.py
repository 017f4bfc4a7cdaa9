"""Every error that ophyd_decl raises on purpose, and the diagnostics that describe mistakes in files.

The branches say what the user must do::

    OphydDeclError
    ├── DefinitionError            mend the files; .diagnostics holds every mistake with its place
    ├── PluginError                mend or remove an installed plugin; .distribution names it
    ├── LoopError                  call the same thing in another way
    │   ├── WouldBlockError        a synchronous verb was called on the device loop
    │   └── WrongLoopError         the beamline is in use on another event loop
    ├── SignalError                look at the control system; .signal .source .place .expected .found
    │   ├── ReadError
    │   │   ├── ReadTimeoutError       (also TimeoutError)
    │   │   ├── ConversionError        the value cannot be given in the declared dtype
    │   │   │   └── PrecisionLostError     (also BadValueError) a float on the way would round it
    │   │   ├── DisconnectedError      (also WriteError) .age_s of the last value
    │   │   ├── AbsentError            (also WriteError) never answered since connect
    │   │   │   └── NoConnectorError       nothing here can reach its control system
    │   │   ├── NotConnectedError      (also WriteError) connect() was not called
    │   │   └── MismatchError          (also WriteError) served differs from declared
    │   ├── WriteError
    │   │   ├── BadValueError          refused here, before anything was sent
    │   │   ├── LimitError             outside limits, before anything was sent
    │   │   ├── ReadOnlyError          read-only mode, or access: r
    │   │   ├── PutRefusedError        the server said no
    │   │   ├── NotProcessedError      completed, but the record is disabled
    │   │   ├── NotTakenError          completed, but the server has another value, or could not pass it on
    │   │   ├── PutTimeoutError        (also TimeoutError) sent, completion never arrived
    │   │   ├── PutLostError           sent, then the connection broke
    │   │   └── PutNotSentError        it could not be sent in time
    │   └── WaitTimeoutError       (also TimeoutError) the value that was waited for did not come
    ├── MoveError                  a move did not end where it was asked to
    │   ├── MoveTimeoutError           (also TimeoutError)
    │   ├── MoveFailedError            the device says so, or the readback is not at the target
    │   ├── NotAllowedError            the device must not go there now, as an interlock says
    │   ├── StoppedError               stopped by stop(success=False)
    │   └── BusyError                  another set is moving the axis
    ├── ReportError                report.or_raise(): a required device is not usable
    └── SettingsError              some settings were not saved or not put back; .outcomes names each

Facts are attributes and the message is built from them. Nothing here is ever falsy.
"""

from .control_system import (
    AbsentError,
    BadValueError,
    BusyError,
    ConversionError,
    DisconnectedError,
    LimitError,
    MismatchError,
    MoveError,
    MoveFailedError,
    MoveTimeoutError,
    NoConnectorError,
    NotAllowedError,
    NotConnectedError,
    NotProcessedError,
    NotTakenError,
    PrecisionLostError,
    PutLostError,
    PutNotSentError,
    PutRefusedError,
    PutTimeoutError,
    ReadError,
    ReadOnlyError,
    ReadTimeoutError,
    ReportError,
    SettingsError,
    SignalError,
    StoppedError,
    WaitTimeoutError,
    WriteError,
    join_read_errors,
)
from .definition import DefinitionError, PluginError
from .diagnostic import Diagnostic, Note, Place
from .root import LoopError, OphydDeclError, WouldBlockError, WrongLoopError

__all__ = [
    "AbsentError",
    "BadValueError",
    "BusyError",
    "ConversionError",
    "DefinitionError",
    "Diagnostic",
    "DisconnectedError",
    "LimitError",
    "LoopError",
    "MismatchError",
    "MoveError",
    "MoveFailedError",
    "MoveTimeoutError",
    "NoConnectorError",
    "NotAllowedError",
    "NotConnectedError",
    "NotProcessedError",
    "NotTakenError",
    "Note",
    "OphydDeclError",
    "Place",
    "PluginError",
    "PrecisionLostError",
    "PutLostError",
    "PutNotSentError",
    "PutRefusedError",
    "PutTimeoutError",
    "ReadError",
    "ReadOnlyError",
    "ReadTimeoutError",
    "ReportError",
    "SettingsError",
    "SignalError",
    "StoppedError",
    "WaitTimeoutError",
    "WouldBlockError",
    "WriteError",
    "WrongLoopError",
    "join_read_errors",
]
