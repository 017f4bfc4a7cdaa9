"""A channel on an attribute, and one on a command with the types that were declared for it."""

from typing import Any, cast

from ...errors import AbsentError, MismatchError, SignalError
from ...vocab.datatypes import Datatype, NativeType
from ..link import ABSENT, Link
from ..linked_channel import LinkedChannel
from ..protocol import Check, Use
from ..values import Conversion, make_conversion
from .described import DescribedLink
from .link import TangoLink

#: What to do where nothing at all was answered.
SILENT_HELP = "does it hang, and is it a Tango server?"


class TangoChannel(LinkedChannel):
    """One use of an attribute; see `protocol.Channel`."""

    __slots__ = ()

    @property
    def is_like_others(self) -> bool:
        """Return True: what is made of a description depends on the declared type alone."""
        return True

    def unavailable(self) -> SignalError:
        """Return why nothing can be asked of this channel now, with what is known of a device that is absent."""
        error = super().unavailable()
        link = self.link
        if isinstance(error, AbsentError) and isinstance(link, DescribedLink):
            error.verdict = "missing" if link.missing else "silent" if link.device.was_up else "unknown"
            error.help = link.help or None
            if error.problem == ABSENT:
                error.problem, error.help = f"{link.device.asked} has not answered", SILENT_HELP
        return error


class CommandChannel(TangoChannel):
    """One use of a command, of which argument and result are declared.

    :param use: says which.
    """

    __slots__ = ("_use", "result")

    def __init__(
        self, protocol: str, address: str, datatype: Datatype, check: Check | None, link: Link, refusal: str, use: Use
    ) -> None:
        self._use = use
        #: how what the command returns is given; None: it is not.
        self.result: Conversion | None = None
        super().__init__(protocol, address, datatype, check, link, refusal)

    @property
    def is_like_others(self) -> bool:
        """Return False: argument and result are declared too."""
        return False

    def convert(self, native: NativeType) -> Conversion | MismatchError:
        """Return the conversion of the argument."""
        command = cast(TangoLink, self.link).command
        self.result = None
        if self._use.returns is not None:
            returned = _side(self._use.returns, command.returns.native, "returns")
            if isinstance(returned, MismatchError):
                return returned
            self.result = returned
        argument = self._use.argument
        if argument is not None:
            return _side(argument, command.takes.native, "takes")
        if command.takes.native is not None:
            problem = "the command takes an argument"
            return MismatchError(
                problem, expected="no argument", found=str(command.takes.native), help="declare its type with `arg:`"
            )
        return Conversion(_nothing, _nothing, "")


def _side(declared: Datatype, served: NativeType | None, verb: str) -> Conversion | MismatchError:
    if served is None:
        key = "arg" if verb == "takes" else "returns"
        return MismatchError(
            f"the command {verb} nothing", expected=str(declared), found="nothing", help=f"remove `{key}:`"
        )
    outcome = make_conversion(declared, served)
    if isinstance(outcome, MismatchError):
        outcome.problem = f"what the command {verb}: {outcome.problem}"
    return outcome


def _nothing(value: Any) -> None:
    del value
