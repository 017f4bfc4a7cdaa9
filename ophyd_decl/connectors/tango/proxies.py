"""The proxies of devices: how they are made, and in which threads they are let go.

The end of a proxy waits until Tango has looked through its subscriptions, for which it waits while it asks a server
that hangs: half a minute. Whoever drops the last reference to a proxy waits so long, and for the garbage collector that
may be any thread, the loop's too. So a proxy is held here until nobody else holds it, and dropped in a thread that has
nothing to do.
"""

import sys
import threading
from collections.abc import Sequence

from . import library
from .library import Proxy
from .threads import calling
from .trl import Trl

_kept: list[Proxy] = []
_lock = threading.Lock()


def make(trl: Trl) -> Proxy:
    """Return a proxy of a device, which is connected; asks the database first, if there is one.

    It never repeats a call by itself: a write that was lost must not be done later. And it reads the device, not what
    the server has polled some time ago, which may be older than the last write.

    :raises DevFailed: if there is no such device, or it does not answer.
    """
    proxy = _keep(library.new_proxy(trl.text))
    proxy.set_transparency_reconnection(False)
    proxy.set_source(library.FROM_DEVICE)
    if trl.has_database:  # else it is connected, or an error
        proxy.ping()  # the setting of a time-out would connect too, and hold the interpreter meanwhile
    return proxy


def copy_of(proxy: Proxy) -> Proxy:
    """Return another proxy of the same device, without a word to the database; both have one time-out."""
    return _keep(library.copy_of(proxy))


def let_go() -> None:
    """Drop the proxies that nobody else holds; may take as long as Tango waits for a server that hangs."""
    unused: list[Proxy] = []
    with _lock:
        used: list[Proxy] = []
        for index in range(len(_kept)):
            (unused if _holders(_kept, index) == _ALONE else used).append(_kept[index])
        _kept[:] = used
        del used
    while unused:
        unused.pop()


def let_go_within(timeout_s: float) -> None:
    """Drop the proxies that nobody else holds, and wait for that, but not longer than this."""
    thread = threading.Thread(target=_let_go_calling, name="Tango proxies", daemon=True)
    thread.start()
    thread.join(timeout_s)


def _let_go_calling() -> None:
    with calling():
        let_go()


def _keep(proxy: Proxy) -> Proxy:
    with _lock:
        _kept.append(proxy)
    return proxy


def _holders(held: Sequence[object], index: int) -> int:
    return sys.getrefcount(held[index])


#: What `_holders` returns of something that only its list holds.
_ALONE = _holders([object()], 0)
