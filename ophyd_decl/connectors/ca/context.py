"""The one libca context of the process, which threads are attached to it, and its end.

A context that is there already (of aioca, or of pyepics on the same library) is used, so that a server sees one client;
only one that was made here is destroyed here. A thread that belongs to another context is lent to ours for the call.
"""

import asyncio
import atexit
import logging
import sys
import threading
import weakref
from types import TracebackType
from typing import Any, Protocol

from . import library
from .calls import Outgoing, on_exception

_log = logging.getLogger("ophyd_decl.connectors.ca")


class Client(Protocol):
    """Something that uses the context and must let go of it when the interpreter ends."""

    def abandon(self) -> None:
        """Clear subscriptions and channels, deliver nothing more; needs a turn."""
        ...


class SharedContext:
    """The context of this process; made or found at the first turn."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clients: weakref.WeakSet[Any] = weakref.WeakSet()
        self._handle: int | None = None
        self._owned = False
        self._ended = False
        self._flushes_on: asyncio.AbstractEventLoop | None = None

    def enter(self) -> int | None:
        """Attach the calling thread; return the context that it belonged to, if that was another one."""
        if self._ended:
            raise RuntimeError("libca was shut down with the interpreter")
        current: int | None = library.current_context()
        if current is not None and current == self._handle:
            return None
        if self._handle is None:
            self._open(current)
            if library.current_context() == self._handle:
                return None if current == self._handle else current
        if current is not None:
            library.detach_context()
        status = library.attach_context(self._handle)
        if status != library.ECA_NORMAL:
            raise RuntimeError(f"cannot attach to the libca context: {library.message(status)}")
        return current

    def leave(self, other: int | None) -> None:
        """Give the thread back to the context that `enter` returned."""
        if Outgoing.waiting and (Outgoing.at_once or not self._flushes_soon()):
            self._flush()
        if other is not None:
            library.detach_context()
            library.attach_context(other)

    def _flushes_soon(self) -> bool:
        """Return whether the loop that runs here flushes as soon as all have had their turn that are ready now.

        A thousand signals that are put in a thousand tasks are sent together by that, but for the first of them if
        something was answered before: who asks one by one does not wait for others.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if self._flushes_on is None or self._flushes_on.is_closed():
            self._flushes_on = loop
            loop.call_soon(self._flush_at_last)
        return self._flushes_on is loop

    def _flush_at_last(self) -> None:
        with self.lock:
            self._flushes_on = None
            if Outgoing.waiting and not self._ended:
                other = self.enter()
                self._flush()
                self.leave(other)

    @staticmethod
    def _flush() -> None:
        Outgoing.waiting = Outgoing.at_once = False
        library.flush_io()

    def _open(self, current: int | None) -> None:
        found = current or _foreign_context()
        if found is not None and _is_preemptive(found, current):
            self._handle = found
        else:
            if current is not None:
                library.detach_context()
            status = library.create_context(1)
            if status != library.ECA_NORMAL:
                raise RuntimeError(f"cannot make a libca context: {library.message(status)}")
            self._handle = library.current_context()
            self._owned = True
        library.add_exception_event(on_exception, None)
        # Registered after that of the owner, so it runs before the context is destroyed by him.
        atexit.register(self._end)

    def _end(self) -> None:
        """Let no callback come any more: one into an interpreter that ends would kill the process."""
        for client in list(self.clients):
            client.abandon()
        with self.lock:
            if self._ended or self._handle is None:
                return
            try:
                other = self.enter()
                self._ended = True
                if self._owned:
                    library.destroy_context()
                else:
                    self.leave(other)
            except Exception:  # noqa: BLE001  # nobody is left who could act on it
                _log.exception("at the end of libca")
            self._ended = True


class Turn:
    """Makes libca usable in the calling thread, and sends what was asked for at the end."""

    __slots__ = ("_other",)

    def __enter__(self) -> None:
        """Attach."""
        shared.lock.acquire()
        try:
            self._other = shared.enter()
        except BaseException:
            shared.lock.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Flush, and give the thread back."""
        try:
            shared.leave(self._other)
        finally:
            shared.lock.release()


def _foreign_context() -> int | None:
    """Return the context that aioca, or pyepics on this very library, uses in another thread.

    Neither has a public name for it; without it two clients would be seen by each server, which works.
    """
    aioca: Any = sys.modules.get("aioca._catools")
    handle = getattr(getattr(aioca, "_Context", None), "_ca_context", None)
    if handle is None:
        epics: Any = sys.modules.get("epics.ca")
        if getattr(getattr(epics, "libca", None), "_name", None) == library.path:
            handle = getattr(epics, "initial_context", None)
    return handle if isinstance(handle, int) else None


def _is_preemptive(handle: int, current: int | None) -> bool:
    """Return whether a context lets other threads use it; attaches the thread to it if so."""
    if current != handle:
        if current is not None:
            library.detach_context()
        return library.attach_context(handle) == library.ECA_NORMAL
    return bool(library.preemptive())


shared = SharedContext()
