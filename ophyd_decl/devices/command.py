"""Commands: a write that starts something, and ends when the server has completed it."""

import time
from typing import TYPE_CHECKING, Any, Generic

from ..blueprint import CommandShape
from ..connectors.batches import NOT_SENT_HELP, WRITE_HELP
from ..connectors.protocol import PLAIN, Channel, Check, Connector, PutRequest, Use
from ..connectors.values import zero_value
from ..errors import BadValueError, NoConnectorError, SignalError
from ..vocab.addresses import source_of, split_scheme
from ..vocab.datatypes import COMMAND, Choice, Datatype
from .context import Context
from .contract import Difference, no_write, refused
from .mock_calls import call_mock
from .node import Node
from .status import AsyncStatus
from .type_variables import Argument_contra, Returned_co

if TYPE_CHECKING:
    from unittest.mock import AsyncMock

#: What to do about one that took too long, by what is to be done about a put: a command has one time-out.
LATE_HELP = {
    WRITE_HELP: "see whether it was done; if it takes longer, give the command that: `timeout: S`",
    NOT_SENT_HELP: "nothing was sent; try again, or give the command longer: `timeout: S`",
}


class Command(Node, Generic[Argument_contra, Returned_co]):
    """A command; `trigger` executes it.

    For type checkers it has two types: that of its argument, and that of what it returns; None where there is none.

    :param address: rendered address.
    """

    __slots__ = ("_address", "_channel", "_connector", "_shape")

    def __init__(self, context: Context, parent: Node, key: str | int, shape: CommandShape, address: str) -> None:
        super().__init__(context, parent, key, None, shape.place)
        self._shape = shape
        self._address = address
        self._connector: Connector | None = None
        self._channel: Channel | None = None

    @property
    def source(self) -> str:
        """Return the address with its scheme."""
        text = source_of(*self._split())
        return f"mock+{text}" if self._context.mock else text

    @property
    def protocol(self) -> str:
        """Return the protocol of its address."""
        return self._split()[0]

    @property
    def channels(self) -> list[Channel]:
        """Return the open channel, if there is one."""
        return [] if self._channel is None else [self._channel]

    def open(self) -> Connector:
        """Return the connector, with the channel made; does no I/O.

        :raises NoConnectorError: if nothing here can reach it.
        """
        if self._connector is None:
            protocol, bare = self._split()
            try:
                connector = self._context.reach(protocol, self._shape.connector)
            except NoConnectorError as error:
                raise self._error(error) from error.__cause__
            shape = self._shape
            use = Use(command=True, argument=shape.argument, returns=shape.returns) if protocol == "tango" else PLAIN
            self._channel = connector.channel(bare, self._written(), self._check(), use)
            self._connector = connector
        return self._connector

    def _written(self) -> Datatype:
        """Return what is written: of a label, whatever else the server has; of a number, also the place of a label."""
        value, argument = self._shape.value, self._shape.argument
        if argument is not None or value is None:
            return argument or Datatype("any")
        if isinstance(value, str):
            return Datatype("enum", choices=(Choice(value, (value,)),), match="subset")
        return Datatype(COMMAND)

    def _check(self) -> Check:
        """Return what the channel asks in every connection."""
        return self._context.connection.check

    def release(self) -> None:
        """Close the channel."""
        if self._connector is not None and self._channel is not None:
            self._connector.release(self._channel)
        self._connector = self._channel = None

    def trigger(self) -> AsyncStatus[Returned_co]:
        """Execute the command; done when the server has completed it.

        One that takes an argument for which the file gives no value is executed with `execute`.

        :raises: the status holds a `WriteError` if it was refused, lost, timed out or not sent.
        """
        return AsyncStatus(self.execute, self._context.binding, self.name)

    async def execute(self, argument: Argument_contra | None = None, *, timeout: float | None = None) -> Returned_co:
        """Execute the command and wait for its completion.

        :param argument: in the declared dtype; None where the command takes none, and for the value of the file.
        :param timeout: in s; None: that of the command.
        :returns: what the command returns, None where it returns nothing; in mock mode a value like zero.
        :raises BadValueError: if an argument is missing, or one is given that the command does not take.
        :raises WriteError: if it was refused, lost, timed out or not sent.
        """
        return await self._execute(argument, timeout, completed=True)

    async def end(self, begun: str) -> None:
        """Execute what ends something that a put or a command has begun.

        :param begun: source of that. A put to the same address would be kept until it is completed, so this one does
            not wait for its completion then.
        :raises WriteError: as `execute`.
        """
        await self._execute(None, None, completed=self.source != begun)

    async def _execute(
        self, argument: Argument_contra | None, timeout: float | None, *, completed: bool
    ) -> Returned_co:
        shape = self._shape
        if argument is None and shape.argument is not None:
            argument = shape.value
        if (argument is None) is not (shape.argument is None):
            takes = "takes no argument" if shape.argument is None else f"takes an argument, {shape.argument}"
            raise self._error(BadValueError(f"it {takes}; nothing was sent", help="call `execute` accordingly"))
        with self._context.binding.operation():
            await self._context.ensure(self.path)
            self._context.refuse_in_read_only_mode(self)
            connector = self.open()
            deadline = time.monotonic() + (shape.timeout_s if timeout is None else timeout)
            value = shape.value if shape.argument is None else argument
            request = PutRequest(self.channels[0], value, completed and shape.wait != "no", deadline)
            with self._context.writing(self, request.channel, request.value):
                (outcome,) = await connector.execute([request])
            answer: Any = outcome
            error = outcome if isinstance(outcome, SignalError) else None
            self._context.note_put(self, request.channel, error)
            if error is not None:
                if error.help is not None:
                    error.help = LATE_HELP.get(error.help, error.help)
                raise self._error(error)
        if self._context.mock:
            answer = await (self.execute_mock() if shape.argument is None else self.execute_mock(argument))
        return answer

    @property
    def execute_mock(self) -> "AsyncMock":
        """Return what is called at each execution in mock mode; it answers with a value like zero."""
        returns = self._shape.returns
        return call_mock(self, "execute", None if returns is None else zero_value(returns))

    def differences(self) -> list[Difference]:
        """Return what differs between file and server in this connection, beyond what refuses the command."""
        channel = self._channel
        if channel is None or channel.description is None or channel.state != "connected":
            return []
        if not channel.description.writable:
            return [no_write(self._shape)]
        refusal = self._context.refusal_of(self, channel)
        return [] if refusal is None else [refused(self._shape, refusal)]

    def _split(self) -> tuple[str, str]:
        shape = self._shape
        return split_scheme(self._address, self._context.protocol_of(shape.address.protocol, shape.connector))

    def _error(self, error: SignalError) -> SignalError:
        error.source = error.source or self.source
        return error.about(self.path, self._place)

    def __repr__(self) -> str:
        """Return path and source."""
        return f"<Command {self.path} {self.source}>"
