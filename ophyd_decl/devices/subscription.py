"""Subscriptions: a user's callback on the monitors of a signal, in bluesky's form or in that of ophyd."""

import copy
import inspect
import itertools
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..connectors.protocol import Update
from ..errors import OphydDeclError
from ..vocab.readings import Reading
from .held import Hold

if TYPE_CHECKING:
    from .signal import WireSignal
    from .verbs import SignalR

log = logging.getLogger("ophyd_decl.devices")

#: How many readings may wait for a callback of ophyd's form that is slower than they come; the oldest go first.
WAITING = 100


class CallbackThread:
    """Runs ophyd-form callbacks, in order, outside the device loop; it lives while there are subscriptions."""

    def __init__(self) -> None:
        self._users = 0
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def add_user(self) -> None:
        """Start the thread with the first user."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._jobs = queue.SimpleQueue()
                threading.Thread(
                    target=self._work, args=(self._jobs,), name="ophyd_decl-callbacks", daemon=True
                ).start()

    def remove_user(self) -> None:
        """End the thread with the last user."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._jobs.put(None)

    def call(self, job: Callable[[], None]) -> None:
        """Run a job after those before it."""
        self._jobs.put(job)

    @staticmethod
    def _work(jobs: "queue.SimpleQueue[Callable[[], None] | None]") -> None:
        while (job := jobs.get()) is not None:
            try:
                job()
            except Exception:  # a user's callback
                log.exception("a subscribed callback raised; the subscription goes on")


_thread = CallbackThread()
_numbers = itertools.count(1)


class Subscription:
    """One callback on one signal, through the monitors of its leaves.

    :ivar number: no other subscription of this process has it.
    :ivar skipped: how many readings it was too slow for.
    """

    def __init__(self, signal: "SignalR", callback: Callable[..., Any]) -> None:
        self.number = next(_numbers)
        self.callback = callback
        self._signal = signal
        self._leaves = list(signal._leaves())
        self._snapshot: dict[WireSignal, Update] = {}
        self._holds: list[Hold] = []
        self._closed = False
        self.skipped = 0
        self._old: Any = None
        self._waiting: deque[Reading] = deque()
        self._queued = False
        self._threaded = _wants_keywords(callback)
        if self._threaded:
            _thread.add_user()

    async def open(self) -> None:
        """Start the monitors when the device is connected; nobody waits for this, so a failure is told in the log."""
        try:
            for leaf in self._leaves:
                await leaf.ensure()
            self.open_now()
        except OphydDeclError as error:
            log.error("%s cannot be subscribed to: %s", self._signal.path, error)

    def open_now(self) -> None:
        """Start the monitors; on the device loop."""
        if self._closed:
            return
        try:
            for leaf in self._leaves:
                self._holds.append(leaf.hold(self._listener(leaf)))
        except BaseException:
            self.let_go()
            raise

    def silence(self) -> None:
        """Call back no more, from now on; in any thread."""
        if not self._closed:
            self._closed = True
            if self._threaded:
                _thread.remove_user()

    def let_go(self) -> None:
        """End the monitors; on the device loop."""
        self.silence()
        for hold in self._holds:
            hold.close()
        self._holds.clear()

    def _listener(self, leaf: "WireSignal") -> Callable[[Update], None]:
        def take(update: Update) -> None:
            self._snapshot[leaf] = update
            if self._closed or len(self._snapshot) < len(self._leaves):
                return
            reading = self._signal._compute(self._snapshot)
            if isinstance(reading, Reading):
                self._tell(reading)
            else:
                failed = next((one for one in self._leaves if self._snapshot[one] is reading), self._signal)
                named = copy.copy(reading).about(failed.path, failed._place)
                log.warning("%s: no value for its subscribers: %s", self._signal.path, named)

        return take

    def _tell(self, reading: Reading) -> None:
        if not self._threaded:
            self.callback({self._signal.name: reading.document()})
            return
        if len(self._waiting) >= WAITING:
            self._skip()
        self._waiting.append(reading)
        if not self._queued:
            self._queued = True
            _thread.call(self._call_back)

    def _skip(self) -> None:
        try:
            self._waiting.popleft()
        except IndexError:  # the thread was faster
            return
        if not self.skipped:
            log.warning("%s: a subscribed callback is too slow for its updates; some are skipped", self._signal.path)
        self.skipped += 1

    def _call_back(self) -> None:
        """Give what is waiting to the callback; on the thread of callbacks."""
        self._queued = False  # before it is looked: one job too many does no harm
        for _ in range(len(self._waiting)):
            try:
                reading = self._waiting.popleft()
            except IndexError:  # skipped
                return
            old, self._old = self._old, reading.value
            if not self._closed:
                try:
                    self.callback(value=reading.value, old_value=old, timestamp=reading.timestamp)
                except Exception:  # a user's callback
                    log.exception("%s: a callback raised; the subscription goes on", self._signal.path)


def _wants_keywords(callback: Callable[..., Any]) -> bool:
    """Return whether a callback has ophyd's form: a parameter named `value`."""
    try:
        return "value" in inspect.signature(callback).parameters
    except (TypeError, ValueError):
        return False
