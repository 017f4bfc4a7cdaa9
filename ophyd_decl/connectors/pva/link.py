"""One PV over pvAccess: its description by a read of the whole structure, its keeper, its subscription."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import ReadError
from ..inbox import Inbox
from ..link import Served, make_room
from ..looks import RecordLink, processes
from .library import Cancelled, Closable, Value
from .structure import Structure, entries_of, facts, inspect, unreadable
from .subscription import Keeper, Updates

if TYPE_CHECKING:
    from .connector import PvaConnector
    from .requests import Operation

_EVERYTHING = "field()"
#: How long the first word of a keeper may take, in s, from a server that described the PV quickly; and how much longer
#: for each PV of the client: the keepers of all may be opened at once, beside a put of each.
KEEPER_PATIENCE_S, FOR_EACH_S = 0.7, 0.002
#: How long an answer may take, in s, where the connection of another PV was closed before this one had a keeper; and
#: how much longer for each PV that is asked at the same time.
ANSWER_S, ANSWER_EACH_S = 0.3, 0.0004


class PvaLink(RecordLink):
    """One PV; see `link.Link`."""

    structure: Structure
    #: what the keeper has told while an answer was under way, which may be the older of the two.
    _heard: Value | None = None

    def __init__(self, key: object, name: str, inbox: Inbox, connector: "PvaConnector") -> None:
        super().__init__(key, name, inbox)
        self.connector = connector
        self.under_way: set[Operation] = set()
        #: puts that wait for their completion, also where nobody waits for them any more.
        self.completing: set[Operation] = set()
        self._behind: dict[object, Callable[[], None]] = {}
        self.read_request: Any = None
        self.may_be_disabled = False
        self._look_requests: tuple[Any, Any] = (None, None)
        self._question: Closable | None = None
        self._asked = 0
        self._asked_at = 0.0
        self._took_s = 0.0
        self._keeper: Keeper | None = None
        self._updates: Updates | None = None

    @property
    def looks_read(self) -> bool:
        """Return whether a look behind a put asks for all that a read does: of numbers and labels, which are small."""
        return self.may_be_disabled and not self.structure.sized

    @property
    def alive_at(self) -> float | None:
        """Return when the server was heard at the latest, were the connection just before its end."""
        if self.phase != "ready":
            return None
        return max(self.heard_at or 0.0, time.monotonic() - self.connector.silence_s)

    def start(self) -> None:
        """Search for the PV, and ask for its structure."""
        self._ask()

    def stop(self) -> None:
        """Give up everything."""
        self.connector.unkept.discard(self)
        self._end_question()
        self._end_keeper()
        self._lose_requests()

    def abandon(self) -> None:
        """Close for good, and tell nobody."""
        self.under_way.clear()
        self.completing.clear()
        self._behind.clear()
        super().abandon()

    def subscribe(self) -> None:
        """Have the server send updates."""
        self._updates = Updates(self, self.structure.request)

    def unsubscribe(self) -> None:
        """Have the server send no more updates."""
        if self._updates is not None:
            self._updates.clear()
            self._updates = None

    def add_monitor(self, monitor: Any) -> None:
        """Deliver to this monitor; one that wants every update needs a longer queue."""
        if monitor.all_updates and self.subscribed and not self.all_updates:
            self.subscribed = False
            self.unsubscribe()
        super().add_monitor(monitor)

    def keep(self) -> None:
        """Open the keeper, if there is none."""
        if self._keeper is None and self.phase == "ready" and self._known().native.kind != "unknown":
            keeper = self._keeper = Keeper(self, self.structure.quiet)
            patience_s = min(max(KEEPER_PATIENCE_S, 2 * self._took_s), self.connector.silence_s)
            patience_s += FOR_EACH_S * self.connector.size
            self.connector.later.patiently(patience_s, partial(self._waits_for, keeper), self.lost)

    def closed(self) -> None:
        """End the generation, since the connection was closed; it may have been that of others, too.

        They are asked behind what is waiting for the loop, where the answer of one of them may be.
        """
        self.lost()
        self.inbox.post(self.connector.ask_unkept)

    def ask_again(self) -> bool:
        """Ask for the structure of now: the keeper tells of it only after what has changed it was completed."""
        if self.phase not in ("ready", "describing"):
            return False
        self._ask()
        return True

    def ask_whether_there(self, number: int) -> None:
        """Ask anew, and end the generation if there is no answer soon, nor a word of the keeper.

        :param number: of PVs that are asked now.
        """
        if self.phase == "ready":
            self._ask()
            slow_s = 2 * (self._took_s - ANSWER_EACH_S * self.connector.size)
            patience_s = max(ANSWER_S + ANSWER_EACH_S * number, slow_s)
            self.connector.later.patiently(patience_s, partial(self._waits_for_answer, self._asked), self._answer_late)

    def lost(self) -> None:
        """End the generation; the keeper tells when the server is back."""
        if self.phase in ("describing", "ready"):
            self._end_question()
            self.went_down()
            self._lose_requests()
            if self._keeper is None:
                self._ask()

    def keeper_heard(self, value: Value, doubtful: bool) -> None:
        """Ask again after a reconnection; when metadata have changed, let nothing through until that is answered."""
        if self.phase == "describing":
            self._heard = value
        changed = self.phase == "ready" and self._differs(value)
        if changed:
            self.begin_again()
        if changed or self.phase == "down" or (self.phase == "ready" and doubtful):
            self._ask()

    def has_other_labels(self, value: Value) -> bool:
        """Return whether a value came with other labels than those of this generation, which are asked for then."""
        if self._known().native.kind != "enum" or not value.changed("value.choices") or not self._differs(value):
            return False
        self.keeper_heard(value, False)
        return True

    def keeper_ended(self, keeper: Keeper) -> None:
        """Begin again after the server has ended the keeper, as if the connection were closed."""
        if keeper is self._keeper:
            self._end_keeper()
            self.lost()

    def keeper_refused(self, keeper: Keeper, request: str) -> None:
        """Keep the connection by a subscription to everything, if the quiet one is refused."""
        if keeper is self._keeper:
            self._end_keeper()
            if request != _EVERYTHING:
                self._keeper = Keeper(self, _EVERYTHING)

    def subscription_failed(self, error: Exception) -> None:
        """Tell the monitors that the server has stopped to send."""
        for monitor in self.monitors:
            monitor.fail(ReadError(f"the server sends no updates: {error}", source=monitor.channel.source))

    def answered(self, asked: int, answer: Any) -> None:
        """Begin a generation with what the server said, or go on with the present one if nothing is new."""
        if asked != self._asked or isinstance(answer, Cancelled):
            return
        self._end_question()
        self._took_s = time.monotonic() - self._asked_at
        if not self._kept:
            self.connector.unkept.add(self)
        served = Served(unreadable(str(answer))) if isinstance(answer, Exception) else self._understand(answer)
        if self.phase == "ready":
            if replace(served, shape=self._known().shape) == self.served:
                self._tell_settled()
                return
            self.begin_again()
        else:
            self.went_up()
        self.described(served)
        if served.native.kind != "unknown":
            self.connector.later.soon(self.keep)
        if self._heard is not None:
            heard, self._heard = self._heard, None
            self.keeper_heard(heard, False)

    @property
    def is_completing(self) -> bool:
        """Return whether a put waits for its completion."""
        return bool(self.completing)

    def when_completed(self, key: object, callback: Callable[[], None]) -> None:
        """Call back when no put is completing any more, or the connection is closed; one after the other."""
        self._behind[key] = callback

    def forget_completed(self, key: object) -> None:
        """Do not call back under this key."""
        self._behind.pop(key, None)

    def completed(self, operation: "Operation") -> None:
        """Note that a put was completed, or will not be, and let the next one go."""
        self.completing.discard(operation)
        while self._behind and not self.completing:
            self._behind.pop(next(iter(self._behind)))()

    def look_request(self, raw: Any) -> Any:
        """Return the request of what is looked at after a put; None: of nothing.

        :param raw: what was put; None: it is not compared.
        """
        return self._look_requests[raw is not None]

    def _fields(self, names: list[str]) -> Any:
        return self.connector.request(f"field({','.join(names)})") if names else None

    def _waits_for(self, keeper: Keeper) -> bool:
        """Return whether the connection seems to have gone before the keeper was there to notice."""
        quiet = self.heard_at is None or self.heard_at < keeper.opened_at
        return keeper is self._keeper and not keeper.has_heard and quiet

    @property
    def _kept(self) -> bool:
        """Return whether the keeper has spoken, so that it tells of a closed connection."""
        return self._keeper is not None and self._keeper.has_heard

    def _waits_for_answer(self, asked: int) -> bool:
        return asked == self._asked and not self._kept

    def _answer_late(self) -> None:
        """End the generation, and wait for the answer as long as it takes: the server may only be slow."""
        self.lost()
        if self._question is None:
            self._ask()

    def _understand(self, value: Value) -> Served:
        """Return what the structure says, and note how to use it."""
        try:
            structure = inspect(value)
            served = structure.served(value)
        except UnicodeDecodeError as error:  # a label: of several texts none can be had
            found = f"{value.getID()} with {error.object!r}, which is not UTF-8; make it UTF-8 or ASCII on the server"
            return Served(unreadable(found))
        except Exception as error:  # noqa: BLE001  # whatever a server may make up
            return Served(unreadable(f"{value.getID()}: {error!r}"))
        self.structure = structure
        self.may_be_disabled = structure.has_alarm and processes(self.name)
        self.looked_at = self.may_be_disabled or structure.sized
        alarm = ["alarm"] if self.may_be_disabled else []
        sized = ["value"] if structure.sized else []
        self._look_requests = self._fields(alarm), self._fields(sized + alarm)
        self.read_request = self.connector.request(structure.request)
        return served

    def _ask(self) -> None:
        """Ask for the whole structure; pvxs waits for the connection as long as it takes."""
        self._end_question()
        self._asked += 1
        asked = self._asked
        self._asked_at = time.monotonic()

        def handler(answer: Any) -> None:
            self.inbox.post(self.answered, asked, answer)

        self._question = self.connector.context.get(self.name, handler, request=self.connector.request(_EVERYTHING))

    def _end_question(self) -> None:
        question, self._question = self._question, None
        if question is not None:
            self._asked += 1
            self.connector.disposal.add([question])

    def _end_keeper(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.clear()

    def _lose_requests(self) -> None:
        lost, self.under_way = self.under_way, set()
        for operation in lost:
            operation.settle_lost()
        for operation in tuple(self.completing):
            operation.close()
            self.completed(operation)

    def _differs(self, value: Value) -> bool:
        """Return whether the metadata in an update of the keeper are not those of this generation."""
        served = self._known()
        native = served.native
        if native.kind == "enum":
            try:
                return tuple(value["value.choices"]) != native.choices
            except UnicodeDecodeError:
                return True
        if native.kind == "listing":
            return entries_of(value) != native.entries
        return any(getattr(served, name) != fact for name, fact in facts(value, native.kind).items())


make_room(
    PvaLink, "connector", "under_way", "completing", "structure", "read_request", "may_be_disabled", "looked_at",
    "_behind", "_look_requests", "_question", "_asked", "_asked_at", "_took_s", "_keeper", "_updates", "family",
)  # fmt: skip
