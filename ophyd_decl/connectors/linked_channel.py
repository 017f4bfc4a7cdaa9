"""A channel: one use of a link, with the dtype that this user declared and the check that this user asks for."""

import copy
import dataclasses
import logging
from typing import Any

from ..errors import AbsentError, ConversionError, DisconnectedError, MismatchError, NotConnectedError, SignalError
from ..vocab.addresses import source_of
from ..vocab.datatypes import Datatype
from ..vocab.readings import Reading
from .link import Link, RawUpdate
from .protocol import ChannelState, Check, Description
from .values import Conversion, make_conversion

#: Of these a server tells labels and precision only to those who may read.
_TOLD_BY_READS = ("enum", "float")
_log = logging.getLogger(__name__)


class LinkedChannel:
    """One use of an address; see `protocol.Channel`.

    :param refusal: why this address cannot exist; nothing is sent then.
    """

    __slots__ = (
        "_check",
        "_source",
        "conversion",
        "datatype",
        "failure",
        "link",
        "made",
        "refusal",
        "skipped",
    )

    def __init__(
        self,
        protocol: str,
        address: str,
        datatype: Datatype,
        check: Check | None,
        link: Link,
        refusal: str = "",
    ) -> None:
        self._source = source_of(protocol, address)
        self._check = check
        self.datatype = datatype
        self.link = link
        self.refusal = refusal
        self.conversion: Conversion | None = None
        self.made: Description | None = None
        self.failure: SignalError | None = None
        self.skipped = 0

    @property
    def is_like_others(self) -> bool:
        """Return whether others may share what is made of a description, which depends on the declared type alone."""
        return False

    @property
    def source(self) -> str:
        """Return the address with its scheme."""
        return self._source

    @property
    def state(self) -> ChannelState:
        """Return whether it was ever connected, and is now."""
        if self.made is None:
            return "new"
        if self.link.phase == "ready":
            return "connected"
        return "describing" if self.link.is_asking else "closed"

    @property
    def generation(self) -> int:
        """Return how often it connected."""
        return self.link.generation

    @property
    def description(self) -> Description | None:
        """Return what the server said in this generation."""
        return self.made

    @property
    def usable(self) -> Description | None:
        """Return what the server said, where this can be used now."""
        return self.made if self.failure is None and self.link.phase == "ready" else None

    @property
    def trouble(self) -> str:
        """Return why it is closed, as far as is known: a clause."""
        return self.link.trouble

    @property
    def alive_at(self) -> float | None:
        """Return when the server was last known to live; None if it is away."""
        return self.link.alive_at

    @property
    def overtaken_at(self) -> float:
        """Return the time before which what was delivered may be old by now."""
        return self.link.overtaken_at

    @property
    def dropped(self) -> int:
        """Return how many updates were superseded before a listener of this channel saw them."""
        return self.skipped + self.link.dropped

    @property
    def updates(self) -> str:
        """Return how updates come, where one of several ways was taken."""
        return self.link.updates

    def __repr__(self) -> str:
        """Return source, dtype and state."""
        return f"<{type(self).__name__} {self._source} as {self.datatype} {self.state}>"

    def validate(self) -> None:
        """Compare what is declared with what is served in this generation, and ask the user's check."""
        served = self.link.served
        if served is None:
            return
        for declared, conversion, made in served.uses:  # by such as are alike, so this one is too
            if declared is self.datatype or declared == self.datatype:  # no hash, which is made anew each time
                self.conversion, self.made = conversion, made
                self.failure = None if self._check is None else self._ask(made)
                return
        native = self.link.native_for(self.datatype)
        conversion = self.convert(native)
        mismatch = conversion if isinstance(conversion, MismatchError) else None
        if mismatch is not None and not served.readable and native.kind in _TOLD_BY_READS:
            mismatch.problem = "the server allows no read, so what it serves is not known well enough"
            mismatch.help = "ask for read access in the server's access rules"
        self.conversion = None if isinstance(conversion, MismatchError) else conversion
        self.made = Description(
            native=native,
            dtype_numpy="" if self.conversion is None else self.conversion.dtype_numpy,
            shape=self._shape(served.shape),
            units=served.units,
            precision=served.precision,
            limits=served.limits,
            choices=native.choices if self.conversion is None else self.conversion.choices,
            readable=served.readable,
            writable=served.writable,
            host=served.host,
            exact_below=None if self.conversion is None else self.conversion.exact_below,
            alarm=served.alarm,
            warning=served.warning,
            display=served.display,
            returns=served.returns,
        )
        if self.conversion is not None and self.is_like_others:
            served.uses.append((self.datatype, self.conversion, self.made))
        self.failure = None
        verdict = self._ask(self.made)
        self.failure = self.named(mismatch) if mismatch is not None else verdict

    def convert(self, native: Any) -> Conversion | MismatchError:
        """Return the conversion for a native type."""
        return make_conversion(self.datatype, native, self.link.served.traits)  # pyright: ignore[reportOptionalMemberAccess]

    def set_rights(self, readable: bool, writable: bool) -> None:
        """Note the access rights of this moment in the description."""
        if self.made is not None:
            self.made = dataclasses.replace(self.made, readable=readable, writable=writable)

    def unavailable(self) -> SignalError:
        """Return why nothing can be asked of this channel now: a fresh error, since it will be raised."""
        phase = self.link.phase
        if self.refusal:
            return AbsentError(self.refusal, source=self._source)
        if phase == "ready" and self.failure is not None:
            error = copy.copy(self.failure)
            error.__cause__ = self.failure.__cause__
            return error
        if phase in ("new", "released"):
            return NotConnectedError("not connected yet", source=self._source)
        if self.made is None:
            return AbsentError(self.link.absence, source=self._source)
        closed = DisconnectedError(self.link.trouble, source=self._source)
        closed.age_s = self.link.age()
        if closed.age_s is not None:
            closed.problem += f", the last value is {closed.age_s:.1f} s old"
        return closed

    def reading(self, update: RawUpdate) -> Reading | SignalError:
        """Return a raw value as a reading in the declared dtype."""
        conversion = self.conversion
        if conversion is None:
            return self.unavailable()
        try:
            return Reading(conversion.to_python(update[0]), update[1], update[2], update[3])
        except ConversionError as error:
            return self.named(error)
        except Exception as error:  # noqa: BLE001  # one odd value must not take the others of a batch with it
            return self.odd(error)

    def odd(self, error: Exception) -> ConversionError:
        """Return the error of a value that is not what its type says."""
        wrapped = ConversionError(f"the value cannot be used: {str(error)[:200]}", source=self._source)
        wrapped.__cause__ = error
        return wrapped

    def named(self, error: SignalError) -> SignalError:
        """Return the error with the source filled in."""
        error.source = error.source or self._source
        return error

    def _ask(self, description: Description) -> SignalError | None:
        if self._check is None:
            return None
        try:
            verdict = self._check(description)
        except Exception as error:  # noqa: BLE001  # what was not checked is not used
            _log.exception("the check of %s failed", self._source)
            verdict = MismatchError(f"its check failed: {error!r}")
            verdict.__cause__ = error
        return None if verdict is None else self.named(verdict)

    def _shape(self, now: tuple[int, ...]) -> tuple[int, ...]:
        declared = self.datatype.shape
        if declared is None:
            return () if self.datatype.name != "any" else now
        if len(now) != len(declared):
            now = tuple(0 for _ in declared)
        return tuple(size if want is None else want for size, want in zip(now, declared, strict=True))
