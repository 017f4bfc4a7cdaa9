"""A beamline: its devices built, and the calls that concern all of them."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from ..blueprint import BeamlineBlueprint, ConnectorChoice
from ..connectors.protocol import Connector
from ..devices.binding import Binding
from ..devices.build import build
from ..devices.command import Command
from ..devices.context import Shared
from ..devices.device import Device, Vector
from ..devices.hosted import member_of
from ..devices.node import Node, walk
from ..devices.python_device import PythonDevice, holder_of, shown
from ..devices.reading import read_signals
from ..devices.resolve import has_value, value_signal_of
from ..devices.signal import WireSignal
from ..devices.verbs import SignalNode, SignalR
from ..errors import OphydDeclError, SignalError
from ..vocab.keywords import CONNECT_TIMEOUT_S
from ..vocab.readings import Reading
from .background import Background
from .connecting import Outcomes, collected_later, connect_devices
from .devices import Devices
from .environment import apply_environment, read_only_by_environment
from .expectations import check_settings, compare
from .hosting import make_hosted
from .loops import RunEngineFirst
from .plugins import connector_of, find_spec
from .references import with_referred
from .report import Report, report_of
from .selectors import parse_path, select
from .services import Services
from .structures import Structures
from .updates import pick, pick_named, pick_updates


class Beamline:
    """The devices of one beamline.

    Devices and services are attributes and items: `bl.stage.x`, `bl["pdet.channel.1.value"]`. Making it does no I/O;
    it sets the variables of EPICS and Tango that the file wants, and makes the services.

    :param blueprint: compiled beamline.
    :param restore: callable and arguments that pickle stores for its devices.
    """

    def __init__(self, blueprint: BeamlineBlueprint, restore: tuple[Any, tuple[Any, ...]] | None = None) -> None:
        self.blueprint = blueprint
        self._binding = Binding(blueprint.name, RunEngineFirst(), self._make_connector)
        self._shared = Shared(
            self._binding,
            separator=blueprint.separator,
            read_only=blueprint.read_only or read_only_by_environment(),
            liveness_s=blueprint.liveness_s,
            locate=self._locate,
            restore=restore,
            libraries=frozenset(blueprint.libraries),
            python_allow=blueprint.python_allow,
        )
        self._outcomes: Outcomes = {}
        self._later_checks: Background[SignalR] = Background(_check_later, "what the file expects was not compared")
        self._completing: Background[Any] = Background(self._complete, "a PVI device could not be completed")
        self._structures = self._shared.structures = Structures(self._completing.ask)
        self._elapsed_s = 0.0
        if not blueprint.mock:
            apply_environment(blueprint.name, blueprint.environment)
        self.services = Services(blueprint.services)
        vars(self).update(self.services)
        self._build(mock=blueprint.mock)

    def _make_connector(self, protocol: str, choice: ConnectorChoice | None) -> Connector:
        connector = connector_of(protocol, choice)
        connector.liveness_s = self.blueprint.liveness_s
        return connector

    def _build(self, mock: bool) -> None:
        self._mock = mock
        self._nodes: dict[str, Any] = {
            device.path: build(device, self._shared, find_spec, mock=mock) for device in self.blueprint.devices
        }
        self.devices = Devices(self._nodes)
        vars(self).update(self.devices.native)
        self._shared.devices = self._nodes
        for device in self._nodes.values():
            connection = device._context.connection
            connection.connect = self._connect_lazily(device)
            connection.compare = self._later_checks.ask

    def _connect_lazily(self, device: Any) -> Any:
        async def connect() -> None:
            with self._binding.operation():
                await self._connect([device], None)

        return connect

    async def _connect(self, devices: Sequence[Any], timeout_s: float | None, *, anew: bool = True) -> None:
        started = time.monotonic()
        await connect_devices(devices, timeout_s, self._outcomes, anew=anew)
        await pick_named(devices, timeout_s, started)
        await check_settings(devices)

    async def _complete(self, devices: Sequence[Any]) -> None:
        """Connect again what a PVI structure has now said more about; nothing that was found is moved by that."""
        with self._binding.operation():
            await self._connect(devices, None, anew=False)

    @property
    def name(self) -> str:
        """Return the name of the beamline."""
        return self.blueprint.name

    @property
    def profile(self) -> str | None:
        """Return the profile that it was loaded with."""
        return self.blueprint.profile

    @property
    def groups(self) -> Mapping[str, list[Any]]:
        """Return the devices of each group, in the order of its selectors."""
        return {
            name: list(dict.fromkeys(node for selector in selectors for node in self.find(selector)))
            for name, selectors in self.blueprint.groups.items()
        }

    @property
    def report(self) -> Report:
        """Return the state of every connection now."""
        return Report(self.name, self.profile, self._elapsed_s, report_of(self._nodes.values(), self._outcomes))

    def connect(
        self, timeout: float | None = None, *, mock: bool = False, only: str | Iterable[str] | None = None
    ) -> Report:
        """Connect from a thread that runs no event loop, all at once; never raises on an absent device.

        :param timeout: in s; None: the longest of the signals.
        :param mock: work without a control system; the devices keep their types and start at zero values.
        :param only: selectors; of the others, only those connect that the devices named here refer to.
        :raises WouldBlockError: where an event loop runs (Jupyter); write `await beamline.aconnect()`.
        :raises WrongLoopError: if the beamline is in use on another event loop.
        """
        instead = "`await beamline.aconnect()`, or in a plan `yield from ophyd_decl.plans.ensure_connected(device)`"
        self._binding.refuse_on_loop(f"{self.name}.connect()", instead)
        chosen = self._prepare(mock, only)  # here, since some libraries want their devices made in the user's thread
        return self._binding.run(lambda: self._connect_chosen(chosen, timeout), f"{self.name}.connect()", instead)

    async def aconnect(
        self, timeout: float | None = None, *, mock: bool = False, only: str | Iterable[str] | None = None
    ) -> Report:
        """Connect on the running event loop; parameters and errors as `connect`."""
        return await self._connect_chosen(self._prepare(mock, only), timeout)

    def _prepare(self, mock: bool, only: str | Iterable[str] | None) -> list[Any]:
        """Return the devices to connect, with the hosted ones of them made."""
        if mock and not self._mock:
            self._to_mock()
        chosen = self._chosen(only)
        make_hosted(chosen)
        return chosen

    async def _connect_chosen(self, devices: Sequence[Any], timeout: float | None) -> Report:
        loop = asyncio.get_running_loop()
        started = loop.time()
        with collected_later():
            try:
                with self._binding.operation():
                    await self._connect(devices, timeout)
            finally:  # whoever cancels it may still want to know
                self._elapsed_s = loop.time() - started
            return self.report

    async def pick_updates(self, timeout: float | None = None, *, only: str | Iterable[str] | None = None) -> Report:
        """Find out how the updates of connected signals come, where a server offers several ways; see `Report`.

        The first monitor of a signal does that otherwise. Nothing is altered at the server.

        :param timeout: in s; None: 5. What is not known by then is a warning of the report.
        :param only: selectors.
        """
        with self._binding.operation():
            await pick_updates(self._chosen(only), CONNECT_TIMEOUT_S if timeout is None else timeout)
        return self.report

    def _to_mock(self) -> None:
        if any(device._context.opened for device in self._nodes.values()):
            raise OphydDeclError(f"{self.name} is connected; load it again to use it in mock mode")
        for device in self._nodes.values():
            if isinstance(device, PythonDevice):
                device.check_mock()
        self._mock = True
        for device in self._nodes.values():
            device._context.connection.mock = True

    def _chosen(self, only: str | Iterable[str] | None) -> list[Any]:
        if only is not None:
            selectors = [only] if isinstance(only, str) else list(only)
            chosen = {holder_of(node).path for selector in selectors for node in self._find(selector)}
            return [self._nodes[name] for name in with_referred(self.blueprint.devices, chosen)]
        return [
            device
            for device in self._nodes.values()
            if device._context.connection.policy != "lazy" or device._context.mock
        ]

    def find(self, selector: str) -> list[Any]:
        """Return the devices and signals that a selector names: a path, a path with `*`, or `label:NAME`.

        :raises OphydDeclError: if a path without `*` names nothing.
        """
        return [shown(node) for node in self._find(selector)]

    def _find(self, selector: str) -> list[Any]:
        """Return the nodes of the tree that a selector names, with the places of what Python classes make."""
        return select(self._nodes, self.blueprint.devices, selector)

    async def read_many(self, paths: Sequence[str]) -> dict[str, dict[str, Any] | SignalError]:
        """Return a reading, or an error, for each path; one round trip for each protocol.

        A device that can be moved gives its readback.

        :raises OphydDeclError: if a path names nothing that has a value.
        """
        signals = [_value_of(self[path]) for path in paths]
        outcomes = await read_signals(signals)
        return {
            path: outcome.document() if isinstance(outcome, Reading) else outcome.about(signal.path, signal._place)
            for path, signal, outcome in zip(paths, signals, outcomes, strict=True)
        }

    async def aclose(self) -> None:
        """End every stage and subscription, and release every channel and monitor.

        :raises WrongLoopError: if the beamline is in use on another event loop.
        """
        with self._binding.operation():
            await self._later_checks.close()
            await self._completing.close()
            self._release()
            for connector in self._binding.connectors:
                await connector.close()

    def close(self) -> None:
        """Release every channel and monitor, from a thread that runs no event loop.

        :raises WouldBlockError: where an event loop runs; write `await beamline.aclose()`.
        """
        if self._binding.connectors:
            self._binding.run(self.aclose, f"{self.name}.close()", "`await beamline.aclose()`")
        self._binding.leave()

    def _release(self) -> None:
        for device in self._nodes.values():
            nodes = list(walk(device))
            for node in nodes:
                if isinstance(node, Device | SignalNode):
                    node._end()
            for node in nodes:
                if isinstance(node, WireSignal | Command):
                    node.release()
            device._context.connection.opened = False
        self._structures.release()

    def __getitem__(self, path: str) -> Any:
        """Return the node at a path.

        :raises KeyError: if there is none.
        """
        return self._locate(parse_path(path))

    def __getattr__(self, name: str) -> Any:
        """Say why a service that is no attribute cannot be used.

        :raises PluginError: if it cannot be made.
        """
        nodes = vars(self).get("_nodes", {})
        if name in nodes:
            return shown(nodes[name])
        services = vars(self).get("services")
        if services is not None and name in services.names:
            return services[name]
        raise AttributeError(f"the beamline has no {name!r}; it has {', '.join(vars(self).get('devices', ()))}")

    def __repr__(self) -> str:
        """Return name and devices."""
        return f"<Beamline {self.name}: {', '.join(self.devices)}>"

    def _locate(self, path: tuple[str | int, ...]) -> Any:
        first, *rest = path
        node: Any
        if first in self._nodes:
            node = self._nodes[str(first)]
        elif first in self.services.names and not rest:
            return self.services[str(first)]
        else:
            raise KeyError(f"{self.name} has no device {first!r}; it has {', '.join(self.devices)}")
        for key in rest:
            if not isinstance(node, Node):
                node = member_of(node, key)
            elif isinstance(node, Vector | Device | PythonDevice):
                node = cast("Any", node)[key]
            else:
                raise KeyError(f"{node.path} has no members, so no {key!r}")
        return shown(node)


async def _check_later(signals: Sequence[SignalR]) -> None:
    """Compare what the file expects of signals whose server has come back, or which were set."""
    await compare([signal for signal in signals if signal._shape.expect is not None])
    named = [signal for signal in signals if isinstance(signal, WireSignal) and signal.names_events]
    await pick(named, CONNECT_TIMEOUT_S)


def _value_of(node: Any) -> SignalR:
    if has_value(node):
        return value_signal_of(node)
    if not isinstance(node, Node) or isinstance(node, PythonDevice):
        raise holder_of(node).not_native()
    raise OphydDeclError(f"{node.path} has no single value; name one of its signals")
