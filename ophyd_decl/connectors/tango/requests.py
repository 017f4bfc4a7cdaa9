"""Bulk reads and writes: one call for each device, made in threads, whose answers wake the loop once."""

import time
from functools import partial
from typing import Any, cast

from ...errors import DisconnectedError, PutNotSentError, SignalError
from ...vocab.readings import Reading
from ..batches import PutBatch, ReadBatch
from ..link import RawUpdate
from ..linked_channel import LinkedChannel
from . import faults
from .attributes import Attribute
from .channel import CommandChannel
from .device import TangoDevice
from .library import DevFailed
from .link import TangoLink
from .session import Session

Reads = list[tuple[int, LinkedChannel]]
Put = tuple[int, LinkedChannel, Any, bool]


class ReadGroup:
    """The reads of one call from one device."""

    def __init__(self, batch: ReadBatch, device: TangoDevice, session: Session, setpoint: bool) -> None:
        self._batch = batch
        self._device = device
        self._session = session
        self._setpoint = setpoint
        self._reads: list[tuple[int, LinkedChannel, TangoLink, str]] = []
        #: those that are read, each once, by name.
        self._attributes: dict[str, Attribute] = {}
        #: those whose labels are asked for behind the values.
        self._unsure: dict[TangoLink, str] = {}
        self._deadline = 0.0

    def add(self, index: int, channel: LinkedChannel, link: TangoLink) -> None:
        """Add a read; of an attribute that is wanted twice one value will do."""
        attribute = link.attribute
        name = link.spelled
        self._attributes.setdefault(name, attribute)
        self._reads.append((index, channel, link, name))
        if link.asks_labels:
            self._unsure[link] = name
        deadline = self._batch.deadline(index)
        if deadline > self._deadline:
            self._deadline = deadline

    def send(self) -> None:
        """Have the device read, if it has anything to read."""
        if self._reads:
            self._device.reads.submit(self._read)

    def _read(self) -> None:
        """Read, and take the values out of the answer; called in a thread."""
        if self._batch.done or time.monotonic() >= self._deadline:
            return
        answer: Any
        try:
            with self._session.proxy(self._deadline) as proxy:
                readings = proxy.read_attributes(list(self._attributes))
                answer = {
                    name: _update(attribute, reading, self._setpoint)
                    for (name, attribute), reading in zip(self._attributes.items(), readings, strict=True)
                }
                if self._unsure:
                    answer.update(self._compare_labels(proxy))
        except Exception as error:  # noqa: BLE001  # it is the outcome of every read
            answer = error
        self._device.connector.inbox.post(self._finish, answer)

    def _compare_labels(self, proxy: Any) -> dict[str, Exception]:
        """Ask for the labels behind the values; return what took the place of a value; called in a thread."""
        asked_at = time.monotonic()
        try:
            infos = proxy.get_attribute_config_ex(list(self._unsure.values()))
        except DevFailed as error:
            return dict.fromkeys(self._unsure.values(), error)
        compared = dict(zip(self._unsure, infos, strict=True))
        self._device.connector.inbox.post(self._device.compare, compared, asked_at)
        return {}

    def _finish(self, answer: Any) -> None:
        device = self._device
        if isinstance(answer, Exception):
            if faults.is_closed(answer):
                device.lost(self._session, f"the connection is closed: {faults.words(answer)}")
            for index, channel, _, _ in self._reads:
                error = faults.read_fault(answer, channel.source, self._batch.allowed_s(index))
                self._batch.settle(index, error)
            return
        device.heard()
        now = time.monotonic()
        for index, channel, link, name in self._reads:
            if link.is_asking:  # it has changed meanwhile
                device.connector.read_anew(self._batch, index, channel, self._setpoint)
                continue
            update = answer[name]
            self._batch.settle(index, _outcome(channel, link, self._attributes[name], update, now))
            if link.subscribed and not self._setpoint and not isinstance(update, Exception):
                link.was_read_beside(update)


def _update(attribute: Attribute, reading: Any, setpoint: bool) -> RawUpdate | Exception:
    try:
        return attribute.update(reading, setpoint)
    except Exception as error:  # noqa: BLE001  # one odd value must not take the others with it
        return error


def _outcome(
    channel: LinkedChannel, link: TangoLink, attribute: Attribute, update: RawUpdate | Exception, now: float
) -> Reading | SignalError:
    if link.phase != "ready":
        return channel.unavailable()
    if not link.attribute.is_like(attribute):  # described anew meanwhile: the value may be of another type
        return DisconnectedError("the device was described anew during the read", source=channel.source)
    if isinstance(update, Exception):
        return faults.no_value(update, channel)
    link.heard_at = now
    return channel.reading(update)


class PutGroup:
    """The writes of one call to one device, in their order; or one command."""

    def __init__(self, batch: PutBatch, device: TangoDevice, session: Session) -> None:
        self._batch = batch
        self._device = device
        self._session = session
        self._puts: list[Put] = []
        #: what each value was made for.
        self._generations: dict[int, int] = {}

    def add(self, put: Put) -> None:
        """Add a write."""
        self._puts.append(put)
        self._generations[put[0]] = put[1].generation

    def send(self) -> None:
        """Have the device write. A command does not wait for what is under way: it may have to stop it."""
        commands = [put for put in self._puts if cast(TangoLink, put[1].link).is_command]
        writes = [put for put in self._puts if not cast(TangoLink, put[1].link).is_command]
        if writes:
            self._device.writes.submit(partial(self._write, writes))
        for put in commands:
            self._device.connector.workers.submit(partial(self._write, [put]))

    def _write(self, puts: list[Put]) -> None:
        """Write; called in a thread."""
        for index, channel, raw, _ in puts:
            deadline = self._batch.deadline(index)
            if not self._batch.pending(index) or time.monotonic() >= deadline:
                continue
            link = cast(TangoLink, channel.link)
            answer: Any
            try:
                with self._session.proxy(deadline) as proxy:
                    if not link.is_command and not self._is_as_it_was(proxy, link, self._generations[index]):
                        connector = self._device.connector
                        connector.inbox.post(connector.refuse_anew, self._batch, index, channel)
                        continue
                    self._batch.sent.add(index)  # before the look at the time: who is told meanwhile that it was not
                    if not self._batch.pending(index) or time.monotonic() >= deadline:  # sent can rely on that
                        self._batch.sent.discard(index)
                        continue
                    answer = _execute(proxy, link, raw) if link.is_command else _write(proxy, link, raw)
            except Exception as error:  # noqa: BLE001  # it is the outcome
                answer = error
            self._device.connector.inbox.post(self._finish, index, channel, answer)

    def _is_as_it_was(self, proxy: Any, link: TangoLink, generation: int) -> bool:
        """Return whether a raw value still says what it was made for; called in a thread, before it is written."""
        if link.phase != "ready" or link.generation != generation:
            return False
        if not link.has_labels:  # of an attribute that is made anew with others, in one go, a server tells nobody
            return True
        asked_at = time.monotonic()
        (info,) = proxy.get_attribute_config_ex((link.spelled,))
        self._device.connector.inbox.post(self._device.compare, {link: info}, asked_at)
        return not link.differs(info)

    def _finish(self, index: int, channel: LinkedChannel, answer: Any) -> None:
        link = cast(TangoLink, channel.link)
        if isinstance(answer, Exception):
            if index in self._batch.sent:
                what, allowed_s = "command" if link.is_command else "put", self._batch.allowed_s(index)
                error = faults.write_fault(answer, channel.source, what, allowed_s)
            else:
                error = PutNotSentError(f"not sent: {faults.words(answer)}", source=channel.source)
            self._batch.settle(index, error)
            if faults.is_closed(answer):
                self._device.lost(self._session, f"the connection is closed: {faults.words(answer)}")
            return
        self._device.heard()
        result = channel.result if isinstance(channel, CommandChannel) else None
        if result is None:
            self._batch.settle(index, None)
            return
        try:
            self._batch.settle(index, result.to_python(link.command.returns.take(answer)))
        except SignalError as error:
            self._batch.settle(index, channel.named(error))
        except Exception as error:  # noqa: BLE001  # what it returned is not what its type says
            self._batch.settle(index, channel.odd(error))


def _write(proxy: Any, link: TangoLink, raw: Any) -> None:
    info, attribute = link.info, link.attribute  # of one generation: the loop changes both in one go
    proxy.write_attribute(info, attribute.give(raw))


def _execute(proxy: Any, link: TangoLink, raw: Any) -> Any:
    command = link.command
    if command.takes.native is None:
        return proxy.command_inout(command.name)
    return proxy.command_inout(command.name, command.takes.give(raw))


def send_reads(batch: ReadBatch, reads: Reads, setpoint: bool) -> None:
    """Read from all devices at the same time; each is asked before the next is looked at."""
    by_device: dict[TangoDevice, list[tuple[int, LinkedChannel, TangoLink]]] = {}
    for index, channel in reads:
        link: Any = channel.link
        its = by_device.get(link.device)
        if its is None:
            its = by_device[link.device] = []
        its.append((index, channel, link))
    for device, its in by_device.items():
        if device.session is None:
            for index, channel, _ in its:
                batch.settle(index, channel.unavailable())
            continue
        group = ReadGroup(batch, device, device.session, setpoint)
        for index, channel, link in its:
            if link.is_command:
                batch.settle(index, channel.odd(TypeError("a command has no value")))
            else:
                group.add(index, channel, link)
        group.send()


def send_puts(batch: PutBatch, puts: list[Put]) -> None:
    """Write to all devices at the same time."""
    groups: dict[TangoDevice, PutGroup] = {}
    for put in puts:
        link = cast(TangoLink, put[1].link)
        session = link.device.session
        if session is None:
            batch.settle(put[0], put[1].unavailable())
            continue
        group = groups.get(link.device)
        if group is None:
            group = groups[link.device] = PutGroup(batch, link.device, session)
        group.add(put)
    for group in groups.values():
        group.send()
