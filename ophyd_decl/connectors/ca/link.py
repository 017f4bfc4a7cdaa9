"""One PV over Channel Access: its channel of libca, its type in this generation, its subscription.

A DBR_STRING ends after 39 bytes, so where a server turns out to serve one, the channel of the long form (`X.VAL$`) is
used if the server offers it; for a declared text it is searched from the beginning, beside the plain one.
"""

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from ...errors import ReadError
from ...vocab.datatypes import NativeType
from ..inbox import Inbox
from ..link import QUEUE_LIMIT, Served
from ..looks import RecordLink, processes
from ..values import WireTraits
from . import library
from .calls import Data
from .decoding import (
    CHAR,
    CONTROL,
    DOUBLE,
    ENUM,
    FLOAT,
    HEADER_SIZE,
    NAMES,
    NUMPY,
    STRING,
    TEXT_SIZE,
    TIME,
    VALUE_SIZE,
    Decoder,
    Metadata,
    array_decoder,
    characters_decoder,
    metadata,
    scalar_decoder,
)
from .encoding import encode
from .endpoint import Endpoint, Question
from .servers import Server
from .subscription import MetadataWatch, Updates

if TYPE_CHECKING:
    from .connector import CaConnector
    from .requests import PutGroup

#: How long the long form of a string may answer later than the plain one, in s; servers answer both in one packet.
LONG_FORM_GRACE_S = 0.3
#: How long after its description the metadata of a PV are watched, in s: the others that connect come first.
WATCH_AFTER_S = 0.2
#: What CA carries as something wider, or with another sign: it has neither unsigned nor 64-bit integers.
CARRIED = {
    "int8": "uint8", "uint16": "int32", "uint32": "float64", "int": "float64", "int64": "float64", "uint64": "float64",
}  # fmt: skip


class CaLink(RecordLink):
    """One PV; see `link.Link`.

    :param text: whether the long form of a string is searched from the beginning.
    :param array: whether it is declared as an array, which CA does not tell apart from a scalar if it has one element.
    """

    def __init__(self, key: object, name: str, inbox: Inbox, connector: "CaConnector", text: bool, array: bool) -> None:
        super().__init__(key, name, inbox)
        self.processes = self.looked_at = processes(name)
        self.compared = False
        self._connector = connector
        self._text = text
        self._array = array
        self._plain: Endpoint | None = None
        self._long: Endpoint | None = None
        self._used: Endpoint | None = None
        self._question: Question | None = None
        self._watch: MetadataWatch | None = None
        self._facts = Metadata()
        self._server: Server | None = None
        self.subscription: Updates | None = None
        self.fences: deque[tuple[PutGroup, int]] = deque()
        self.queue_limit = 1
        self.kind = DOUBLE
        self.is_array = False
        self.characters = False
        self.decode: Decoder = scalar_decoder(DOUBLE)

    @property
    def wire_channel(self) -> int | None:
        """Return the handle of the channel that is used."""
        return None if self._used is None else self._used.channel

    @property
    def wire_host(self) -> str:
        """Return by which name libca knows the server now."""
        host: bytes = b"" if self._used is None else library.host_name(self._used.channel) or b""
        return host.decode(errors="replace")

    @property
    def can_be_asked(self) -> bool:
        """Return whether the server would answer a read now, if it lives."""
        return self.phase == "ready" and self.served is not None and self.served.readable

    @property
    def alive_at(self) -> float | None:
        """Return when the server was last heard."""
        return None if self.phase != "ready" or self._server is None else self._server.heard_at

    @property
    def wire_count(self) -> int:
        """Return how many elements are asked for; 0 is: as many as there are."""
        return 0 if self.is_array or self.characters else 1

    @property
    def look_count(self) -> int:
        """Return how many elements a look asks for: one, for the alarm, or what is compared."""
        return self.wire_count if self.compared else 1

    def encode(self, raw: Any) -> tuple[int, bytes]:
        """Return the number of elements and the bytes of a raw value."""
        return encode(self.kind, raw, self.is_array, self.characters)

    def start(self) -> None:
        """Search for the PV."""
        self._plain = Endpoint(self, self.name)
        if self._text:
            self._search_long()

    def stop(self) -> None:
        """Give up the channels."""
        self._forget()
        self._leave()
        for endpoint in (self._plain, self._long):
            if endpoint is not None:
                endpoint.clear()
        self._plain = self._long = self._used = None

    def subscribe(self) -> None:
        """Have the server send updates."""
        self.queue_limit = self._limit()
        self.subscription = Updates(self)

    def unsubscribe(self) -> None:
        """Have the server send no more updates."""
        if self.subscription is not None:
            self.subscription.clear()
            self.subscription = None

    def add_monitor(self, monitor: Any) -> None:
        """Deliver to this monitor, and make room in the queue for it."""
        super().add_monitor(monitor)
        self.queue_limit = self._limit()

    def endpoint_changed(self, endpoint: Endpoint, up: bool) -> None:
        """Follow the connection of a channel."""
        endpoint.up = up
        if self.phase == "released":
            return
        if endpoint is self._long:
            if up and self.phase == "describing" and self._used is None:
                self._long_up(endpoint)
        elif endpoint is self._plain and up:
            self._plain_up(endpoint)
        elif endpoint is self._plain:
            self._forget()
            self._leave()
            self._used = None
            self.went_down()

    def endpoint_rights(self, endpoint: Endpoint, readable: bool, writable: bool) -> None:
        """Follow the access rights of the channel that is used."""
        if endpoint is self._used and self.phase == "ready":
            blind = self.served is not None and not self.served.readable and readable
            self.rights_changed(readable, writable)
            if blind:  # what could not be asked before
                self.begin_again()
                self._ask(endpoint)

    def metadata_changed(self, watch: MetadataWatch, facts: Metadata) -> None:
        """Begin a new generation when the server describes the PV in another way than before."""
        if watch is self._watch and self.phase == "ready":
            self._begins_again_with(facts)

    def _begins_again_with(self, facts: Metadata) -> bool:
        """Return whether these are not the metadata of this generation, which ends then."""
        if facts == self._facts or self._used is None:
            return False
        self.begin_again()
        self._ask(self._used)
        return True

    def ask_again(self) -> bool:
        """Ask for the metadata of now: a watch tells of those only after what has changed them was completed."""
        if self.phase == "describing" and self._used is not None:  # what is asked may be of before
            self._ask(self._used)
            return True
        if self.phase != "ready" or self.kind == STRING or self.characters:
            return False
        if self._question is not None:
            self._question.clear()
        self._question = Question(self, self.kind + CONTROL, 1, self.wire_channel)
        return True

    def lives(self) -> None:
        """Note that the server said something; may be called in a thread of libca."""
        server = self._server
        if server is not None:
            server.heard_at = time.monotonic()

    def heard(self) -> None:
        """Note that the server gave a value now."""
        now = self.heard_at = time.monotonic()
        server = self._server
        if server is not None:
            server.heard_at = now

    def fell_silent(self, quiet_s: float) -> None:
        """Trust nothing until the server has described this PV anew, which it will do when it returns."""
        if self.phase == "ready" and self._used is not None:
            self.pause(f"the server has said nothing for {quiet_s:.1f} s")
            self._ask(self._used)

    def long_expired(self) -> None:
        """Use the plain form, since the long one did not answer."""
        if self.phase == "describing" and self._used is None and self._plain is not None:
            self._drop_long()
            self._ask(self._plain)

    def put_failed(self, status: int) -> None:
        """Find the put without completion that the server refused: the oldest one."""
        for group, member in self.fences:
            if group.refuse(member, status):
                return

    def remove_fence(self, group: "PutGroup", member: int) -> None:
        """Forget a put without completion."""
        if (group, member) in self.fences:
            self.fences.remove((group, member))

    def subscription_failed(self, status: int) -> None:
        """Tell the monitors that the server has stopped to send."""
        for monitor in self.monitors:
            source = monitor.channel.source
            monitor.fail(ReadError(f"the server sends no updates: {library.message(status)}", source=source))

    def answered(self, question: Question, status: int, count: int, data: Data) -> None:
        """Begin the generation with what the server said."""
        if question is not self._question or self._used is None:
            return
        question.clear()
        self._question = None
        if status == library.ECA_DISCONN:
            return
        told = status == library.ECA_NORMAL and not self.characters
        if self.phase == "ready":
            if not told or not self._begins_again_with(metadata(self.kind, data)):
                self._tell_settled()
            return
        self._facts = metadata(self.kind, data) if told else Metadata()
        self._describe(self._facts, count)
        if told and self.kind != STRING:
            self._connector.later.call(WATCH_AFTER_S, self._watch_metadata)

    def _plain_up(self, endpoint: Endpoint) -> None:
        kind: int = library.field_type(endpoint.channel)
        if not 0 <= kind < len(NAMES):  # closed again already
            return
        self.went_up()
        self._used = None
        if kind == STRING and library.element_count(endpoint.channel) == 1:
            self._search_long()
            if self._long is not None:
                if self._long.up:
                    self._long_up(self._long)
                else:
                    self._connector.later.call(LONG_FORM_GRACE_S, self.long_expired)
                return
        self._drop_long()
        self._ask(endpoint)

    def _long_up(self, endpoint: Endpoint) -> None:
        """Use the long form if it holds more; of an array of texts, where it says 40, it shows as many characters."""
        if library.element_count(endpoint.channel) > TEXT_SIZE:
            self._ask(endpoint)
        else:
            self.long_expired()

    def _ask(self, endpoint: Endpoint) -> None:
        """Ask for the metadata of this generation."""
        self._used = endpoint
        self.kind = library.field_type(endpoint.channel)
        count: int = library.element_count(endpoint.channel)
        if not 0 <= self.kind < len(NAMES) or not count:
            self._used = None
            return
        asked_for_text = endpoint.name.endswith("$") and not self._array
        self.characters = self.kind == CHAR and (endpoint is self._long or asked_for_text)
        self.is_array = (self._array or count > 1) and not self.characters
        # The size of other fields is not told, and some of them hold less than a DBR_STRING.
        self.compared = self.kind == STRING and not self.processes
        self.looked_at = self.processes or self.compared
        if self.characters:
            self.decode = characters_decoder()
        else:
            self.decode = array_decoder(self.kind) if self.is_array else scalar_decoder(self.kind)
        self._forget()
        kind = self.kind + (TIME if self.kind == STRING else CONTROL)
        self._question = Question(self, kind, self.wire_count, endpoint.channel)

    def _describe(self, facts: Metadata, count: int) -> None:
        endpoint = self._used
        if endpoint is None:
            return
        most: int = library.element_count(endpoint.channel)
        self._server = self._connector.servers.join(self, self.wire_host)
        limit = None
        if self.characters:
            native, limit = NativeType("str", detail="DBR_CHAR as text"), most - 1
        else:
            native = _native(self.kind, (most,) if self.is_array else None, facts.labels)
            limit = TEXT_SIZE - 1 if self.kind == STRING else None
        self.described(
            Served(
                native=native,
                traits=WireTraits(facts.precision, limit, CARRIED),
                units=facts.units,
                precision=facts.precision,
                limits=facts.limits,
                display=facts.display,
                warning=facts.warning,
                alarm=facts.alarm,
                shape=(count,) if self.is_array else (),
                readable=bool(library.read_access(endpoint.channel)),
                writable=bool(library.write_access(endpoint.channel)),
                host=self._server.host,
            )
        )

    def _watch_metadata(self) -> None:
        if self.phase == "ready" and self._watch is None:
            self._watch = MetadataWatch(self)

    def _search_long(self) -> None:
        name = long_form(self.name)
        if name and self._long is None:
            self._long = Endpoint(self, name)

    def _drop_long(self) -> None:
        if self._long is not None:
            self._long.clear()
            self._long = None

    def _forget(self) -> None:
        if self._question is not None:
            self._question.clear()
            self._question = None
        if self._watch is not None:
            self._watch.clear()
            self._watch = None

    def _leave(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.leave(self)

    def _limit(self) -> int:
        if not self.all_updates:
            return 1
        size = HEADER_SIZE[self.kind + TIME] + VALUE_SIZE[self.kind + TIME]
        if self.served is not None and self.served.native.shape:
            size += VALUE_SIZE[self.kind + TIME] * (self.served.native.shape[0] or 1)
        return max(4, min(QUEUE_LIMIT, 64_000_000 // size))


def long_form(name: str) -> str:
    """Return the PV that gives a string field as characters; empty if the name has none."""
    if name.endswith(("$", "}", "]")):
        return ""
    return f"{name}$" if "." in name else f"{name}.VAL$"


def _native(kind: int, shape: tuple[int, ...] | None, labels: tuple[str, ...]) -> NativeType:
    if kind == STRING:
        return NativeType("str", shape=shape, detail=NAMES[kind])
    if kind == ENUM and (shape is None or labels):  # an array of them has no labels
        return NativeType("enum", choices=labels, detail=NAMES[kind])
    family = "float" if kind in (FLOAT, DOUBLE) else "int"
    return NativeType(family, NUMPY[kind], shape, detail=NAMES[kind])
