"""Where the facts of a scenario differ, and why. Any other difference fails, and so does one that no longer occurs."""

from typing import Any, NamedTuple

#: Stands for whatever is found.
ANY: Any = object()


class Difference(NamedTuple):
    """One fact of a scenario on which the libraries differ."""

    scenario: str
    fact: str
    ours: Any
    theirs: Any
    reason: str


_OWN_ERRORS = "what goes wrong with a signal is a `SignalError`, which names it, its source and its place in the file"
_CHECKABLE = "a signal can be asked whether it would refuse a value, as a motor can"
_FITS = "what does not fit the dtype is never changed into something that does"
_NO_CACHE = "a `ReadError`, as of every read that gives no value"
_AXIS = "what a plan scans below a device that it reads is in the data; there it is lost, as the device alone is read"
DIFFERENCES = (
    Difference("protocols_of_nodes", "signal", ANY, ANY, _CHECKABLE),
    Difference("protocols_of_nodes", "derived", ANY, ANY, _CHECKABLE),
    Difference("protocols_of_nodes", "write-only signal", ANY, ANY, _CHECKABLE),
    Difference("values_that_do_not_fit", "text for a number", "BadValueError", "ValueError", _OWN_ERRORS),
    Difference("values_that_do_not_fit", "an unknown label", "BadValueError", "ValueError", _OWN_ERRORS),
    Difference("values_that_do_not_fit", "columns of two lengths", "BadValueError", "ValueError", _OWN_ERRORS),
    Difference("values_that_do_not_fit", "a fraction for an integer", "BadValueError", None, _FITS),
    Difference("values_that_do_not_fit", "the word False for a truth value", "BadValueError", None, _FITS),
    Difference("caching", "cached without a monitor", "ReadError", "RuntimeError", _NO_CACHE),
    Difference("caching", "cached after unstage", "ReadError", "RuntimeError", _NO_CACHE),
    Difference("caching", "cached after clear_sub", "ReadError", "RuntimeError", _NO_CACHE),
    Difference("staged_devices_read_what_they_hold", "without a held value", ANY, ANY, _NO_CACHE),
    Difference("staged_devices_read_what_they_hold", "after unstage", "ReadError", "RuntimeError", _NO_CACHE),
    Difference(
        "subscribing", "unknown", "OphydDeclError", None,
        "ending a subscription that is none is a mistake, which is raised and not only logged",
    ),
    Difference(
        "a_device_that_was_not_connected", "read", "NotConnectedError", None,
        "soft signals are connected as all others, so that a file behaves the same on soft signals and on a server",
    ),
    Difference(
        "a_move_that_is_stopped", "success=False", "StoppedError", "RuntimeError",
        "a class of its own, so that a stop can be told from other failures",
    ),
    Difference(
        "a_set_while_another_set_moves_it", "second", "BusyError", "goes on",
        "two sets of one axis never move it at the same time: the second is refused, and the first goes on",
    ),
    Difference("a_set_while_another_set_moves_it", "setpoint", 2.0, 3.0, "the refused set has put nothing"),
    Difference(
        "a_set_while_another_set_moves_it", "both ended", [True, True], [False, True],
        "there, the first set waits for a target that the second has replaced",
    ),
    Difference(
        "a_readback_that_ends_near_the_target", "within a step of its precision", None, "TimeoutError",
        "a readback is at the target within `tolerance`, else within a step of its precision; there it has to be equal",
    ),
    Difference(
        "setting_and_waiting", "a set that fails is noticed before the time is over", True, False,
        "a set that fails ends the waiting, also where its completion is not waited for",
    ),
    Difference("scan_a_derived_signal", "events", ANY, ANY, _AXIS),
    Difference("scan_a_derived_signal", "descriptor of primary", ANY, ANY, _AXIS),
    Difference("mock_values", "what does not fit", "BadValueError", "ValueError", _OWN_ERRORS),
    Difference(
        "mock_puts", "behind its block", 3.0, 1.0,
        "without a callback the value that is put is taken; there it is what a `MagicMock` gives as a number",
    ),
    Difference(
        "mock_puts", "order below the device", ANY, ANY,
        "a put is recorded with the value as it is in the declared dtype, and nothing but puts is",
    ),
    Difference(
        "mock_puts_that_fail", "kind", "PutRefusedError", "ValueError",
        "a callback plays the server, so what it raises is a refused put that names the signal; its cause is the error",
    ),
    Difference(
        "mock_helpers_outside_mock_mode", "set_mock_value", None, "RuntimeError",
        "soft signals take the helpers also without mock mode, since they have no server either",
    ),
    Difference(
        "a_set_outside_a_loop", "raised", None, "RuntimeError",
        "a verb that is called in a thread without a loop is run on the loop of the devices",
    ),
    Difference("a_set_outside_a_loop", "value", 6.0, None, "there was no value to read, as nothing was set"),
)  # fmt: skip
