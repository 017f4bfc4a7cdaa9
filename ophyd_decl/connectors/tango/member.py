"""One attribute or command of a Tango device: what it is in this generation, as the device has described it."""

from difflib import get_close_matches
from typing import Any

from ...vocab.datatypes import NativeType
from ..link import ABSENT, Served
from .attributes import Attribute
from .attributes import attribute as attribute_of
from .commands import CommandType
from .commands import command as command_of
from .described import DescribedLink
from .library import ENUM
from .session import Told


class MemberLink(DescribedLink):
    """One attribute or command; `member` is its name on the device."""

    #: the configuration of an attribute, which a write hands over so that pytango does not ask for it again.
    info: Any
    attribute: Attribute
    command: CommandType
    kind = "attribute"
    is_command = False
    _spelled: str | None = None
    #: a configuration that came while another one was asked for, which may be the older of the two.
    _told: Any = None

    @property
    def has_labels(self) -> bool:
        """Return whether its values are numbers of labels that may change; those of a state are always the same."""
        served = self.served
        if served is None or served.native.kind != "enum":  # most, and sooner seen than what the device says
            return False
        return not self.is_command and self.info.data_type == ENUM

    @property
    def spelled(self) -> str:
        """Return the name of an attribute as the device spells it, which refuses to read it twice in one call."""
        name = self._spelled
        if name is None:
            name = self._spelled = self.info.name
        return name

    def describe(self, told: Told) -> None:
        """Begin a generation, or note that the device does not have this; who waits is told at once."""
        usable = None if self.is_command else told.usable.get(self.member)
        if usable is not None:
            self.info, attribute = usable
            self.attribute = attribute
            self._spelled = None
            if self.missing or self.absence is not ABSENT:
                self._begin(attribute.served)
            else:
                self.described(attribute.served)
            return
        key = self.member.lower()
        info = (told.commands if self.is_command else told.attributes).get(key)
        if info is None:
            near = get_close_matches(self.member, told.names, 1, 0.7)
            help = (
                f"did you mean `{near[0]}`?" if near else f"`{self.device.trl.text}` answers: compare with what it has"
            )
            if near and near[0].lower() == key:
                help = f"it has that as the other: declare it with `{'attr' if self.is_command else 'cmd'}:`"
            self.is_missing(f"the device has no {self.kind} `{self.member}`", help)
        elif self.is_command:
            self.described_as(command_of(info), told.session.host)
        else:
            self.info, self.attribute = info, attribute_of(info, (), told.session.host)
            self._spelled = None
            self._begin(self.attribute.served)

    def interface_changed(self, told: Told) -> None:
        """End the generation if the device does not have this any more, or has something else in its place."""
        info = (told.commands if self.is_command else told.attributes).get(self.member.lower())
        if info is None:
            self.end_events()
            self.describe(told)
        elif not self.is_command:
            self.reconfigured(info)
        elif command_of(info).types != self.command.types:
            self.begin_again()
            self.device.ask_soon()

    def described_as(self, command: CommandType, host: str) -> None:
        """Begin a generation with the types of a command."""
        self.command = command
        takes = command.takes.native or NativeType("unknown", detail="DevVoid")
        self._begin(Served(takes, host=host, returns=command.returns.native))

    def is_missing(self, problem: str, help: str) -> None:
        """Note that the device is there and does not have this; who waits is told at once."""
        self.missing, self.help = problem, help
        self.absence = problem
        if self.phase in ("describing", "ready"):
            self.went_down(problem)
        self.trouble = problem
        self._tell_waiting()

    def reconfigured(self, info: Any, *, told: bool = True) -> None:
        """Begin a new generation if the configuration is not what it was.

        :param told: whether the server has told it; else the events of now may be of an attribute that is no more.
        """
        if self.phase == "describing":
            self._told = info
        elif self.phase == "ready" and self.differs(info):
            self.begin_again()
            if not told:
                self.end_events()
            self.device.ask_soon()

    def is_to_compare(self, info: Any) -> bool:
        """Return whether the loop is to look at a configuration, which most have as before; in any thread."""
        return self.has_labels or (info != self.info and self.differs(info))

    def differs(self, info: Any) -> bool:
        """Return whether a configuration is another one than that of this generation; in any thread."""
        served = self.served
        return served is not None and attribute_of(info, served.shape, served.host).served != served

    def _begin(self, served: Served) -> None:
        if self.missing or self.absence != ABSENT:
            self.missing = self.help = ""
            self.absence = ABSENT
        self.described(served)
