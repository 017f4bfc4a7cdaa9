"""The functions of libca that are used here, with their C signatures.

Own prototypes on an own handle: the library itself is the one that epicscorelibs, and so aioca, has loaded, but the
declarations of their functions are theirs. User arguments are plain numbers, never objects, so a late callback can not
touch anything that is gone. The functions release the GIL, since libca holds locks that its threads need while they
wait for the GIL.
"""

import ctypes
import importlib
import os
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_int, c_long, c_short, c_size_t, c_uint, c_ulong
from ctypes import c_void_p as pointer
from typing import Any

ECA_NORMAL = 1
ECA_TIMEOUT = 80
ECA_BADTYPE = 114
ECA_GETFAIL = 152
ECA_PUTFAIL = 160
ECA_DISCONN = 192
ECA_NORDACCESS = 368
ECA_NOWTACCESS = 376

CONNECTION_UP = 6
OPERATION_PUT = 1
DBE_VALUE = 1
DBE_ALARM = 4
DBE_PROPERTY = 8


class EventArguments(Structure):
    """Arguments of the callback of a get, a put or a subscription; `data` is valid during the call only."""

    _fields_ = (
        ("token", c_size_t),
        ("channel", pointer),
        ("type", c_long),
        ("count", c_long),
        ("data", pointer),
        ("status", c_int),
    )


class ConnectionArguments(Structure):
    """Arguments of the callback of a connection."""

    _fields_ = (("channel", pointer), ("operation", c_long))


class RightsArguments(Structure):
    """Arguments of the callback of access rights; bit 0 is read, bit 1 is write."""

    _fields_ = (("channel", pointer), ("rights", c_uint))


class ExceptionArguments(Structure):
    """Arguments of the callback of errors that belong to no other callback."""

    _fields_ = (
        ("token", pointer),
        ("channel", pointer),
        ("type", c_long),
        ("count", c_long),
        ("address", pointer),
        ("status", c_long),
        ("operation", c_long),
        ("text", c_char_p),
        ("file", c_char_p),
        ("line", c_uint),
    )


EventHandler = CFUNCTYPE(None, EventArguments)
ConnectionHandler = CFUNCTYPE(None, ConnectionArguments)
RightsHandler = CFUNCTYPE(None, RightsArguments)
ExceptionHandler = CFUNCTYPE(None, ExceptionArguments)


def _find() -> str:
    """Return the file that epicscorelibs, and so aioca, loads.

    `epicscorelibs.path.get_lib` gives the same, but imports setuptools for it, which takes a quarter of a second.
    """
    if os.name == "posix":
        try:
            return str(importlib.import_module("epicscorelibs.lib.ca_dsoinfo").sofilename)
        except (ModuleNotFoundError, AttributeError):  # laid out differently: ask
            pass
    return str(importlib.import_module("epicscorelibs.path").get_lib("ca"))


path = _find()
if os.name == "posix":
    # pyepics would load a copy of its own, or one beside it under another name: a second client in one process.
    os.environ.setdefault("PYEPICS_LIBCA", path)
_library = ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
_quick_library = ctypes.PyDLL(path, ctypes.RTLD_GLOBAL)


def _function(name: str, result: Any, *arguments: Any, library: Any = _library) -> Any:
    function = getattr(library, name)
    function.restype = result
    function.argtypes = arguments
    return function


create_context = _function("ca_context_create", c_int, c_int)
destroy_context = _function("ca_context_destroy", None)
current_context = _function("ca_current_context", pointer, library=_quick_library)
attach_context = _function("ca_attach_context", c_int, pointer)
detach_context = _function("ca_detach_context", None)
preemptive = _function("ca_preemtive_callback_is_enabled", c_int)
add_exception_event = _function("ca_add_exception_event", c_int, ExceptionHandler, pointer)

create_channel = _function("ca_create_channel", c_int, c_char_p, ConnectionHandler, c_size_t, c_uint, POINTER(pointer))
clear_channel = _function("ca_clear_channel", c_int, pointer)
replace_rights_handler = _function("ca_replace_access_rights_event", c_int, pointer, RightsHandler)
# Those two keep the GIL: they take no lock.
user_of = _function("ca_puser", c_size_t, pointer, library=_quick_library)
field_type = _function("ca_field_type", c_short, pointer)
element_count = _function("ca_element_count", c_ulong, pointer)
host_name = _function("ca_host_name", c_char_p, pointer)
read_access = _function("ca_read_access", c_uint, pointer)
write_access = _function("ca_write_access", c_uint, pointer)

get_callback = _function("ca_array_get_callback", c_int, c_long, c_ulong, pointer, EventHandler, c_size_t)
put_callback = _function("ca_array_put_callback", c_int, c_long, c_ulong, pointer, pointer, EventHandler, c_size_t)
put = _function("ca_array_put", c_int, c_long, c_ulong, pointer, pointer)
create_subscription = _function(
    "ca_create_subscription", c_int, c_long, c_ulong, pointer, c_long, EventHandler, c_size_t, POINTER(pointer)
)
clear_subscription = _function("ca_clear_subscription", c_int, pointer)
flush_io = _function("ca_flush_io", c_int)
pend_event = _function("ca_pend_event", c_int, c_double)
_message = _function("ca_message", c_char_p, c_long)


def message(status: int) -> str:
    """Return the text that libca has for a status code."""
    text: bytes | None = _message(status)
    return text.decode(errors="replace") if text else f"status {status}"
