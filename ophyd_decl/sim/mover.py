"""Has records processed again and again while they are busy: motors that move, scalers that count."""

import threading
from typing import Protocol

from .record_type import Fields


class Timed(Protocol):
    """A record that has to be processed while it is busy; asked only while it is locked."""

    @property
    def fields(self) -> Fields:
        """Return its fields."""
        ...

    @property
    def busy(self) -> bool:
        """Return whether it is to be processed again."""
        ...

    def next_s(self) -> float:
        """Return in which time it is to be processed again, s."""
        ...


class Mover:
    """The thread that has busy records processed, as callbacks of device support do."""

    def __init__(self) -> None:
        self._moving: dict[Timed, None] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="records", daemon=True).start()

    def add(self, record: Timed) -> None:
        """Process this one until it is not busy any more."""
        with self._changed:
            if record not in self._moving:
                self._moving[record] = None
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._moving:
                    self._changed.wait()
                moving = list(self._moving)
            # A record is never locked while `_changed` is held: `add` is called with the record locked.
            wait_s = min(_next_s(record) for record in moving)
            with self._changed:
                if list(self._moving) == moving:
                    self._changed.wait(wait_s)
                moving = list(self._moving)
            for record in moving:
                with record.fields.locked():
                    record.fields.process()
                    if not record.busy:
                        with self._changed:
                            self._moving.pop(record, None)


def _next_s(record: Timed) -> float:
    with record.fields.locked():
        return record.next_s()
