"""Names in documents: no two signals of a beamline may have the same, or one would hide the other in the data."""

from collections.abc import Iterable, Mapping

from ..blueprint import ChildShape, DeviceBlueprint, Shape, SignalShape, VectorShape
from ..errors import Note, Place
from ..source import Findings


class DocumentNames:
    """Checks the names that the signals of a beamline have in documents.

    :param separator: stands between the name of a device and that of its member.
    """

    def __init__(self, separator: str, findings: Findings) -> None:
        self._separator = separator
        self._findings = findings
        self._given: dict[int, tuple[SignalShape, ...]] = {}
        self._made: dict[int, dict[str, Place]] = {}

    def check(self, devices: Mapping[str, DeviceBlueprint]) -> None:
        """Report every name that two signals have."""
        self._check_devices(devices.values())
        self._check_given(devices)
        # `-` is in no identifier, so only `_` can join different parts to the same name.
        if self._separator == "_":
            self._check_joined(devices)

    def _check_devices(self, devices: Iterable[DeviceBlueprint]) -> None:
        first: dict[str, DeviceBlueprint] = {}
        for device in devices:
            other = first.setdefault(device.document_name, device)
            if other is not device:
                self._report(device.document_name, device.place, other.place)

    def _check_given(self, devices: Mapping[str, DeviceBlueprint]) -> None:
        first: dict[str, Place] = {device.document_name: device.place for device in devices.values()}
        for device in devices.values():
            for signal in self._named(device.shape):
                name = signal.document_name or ""
                if name in first:
                    self._report(name, signal.place, first[name])
                first[name] = device.place

    def _named(self, shape: Shape) -> tuple[SignalShape, ...]:
        """Return the signals of a shape, at every depth, whose name the file gives."""
        if id(shape) not in self._given:
            found: list[SignalShape] = []
            for member in shape.members:
                if isinstance(member, SignalShape) and member.document_name is not None:
                    found.append(member)
                for child in _children(member):
                    found.extend(self._named(child.shape))
            self._given[id(shape)] = tuple(found)
        return self._given[id(shape)]

    def _check_joined(self, devices: Mapping[str, DeviceBlueprint]) -> None:
        by_name = {device.document_name: device for device in devices.values()}
        for name, device in by_name.items():
            own = self._joined(device.shape)
            for end in range(1, len(name)):
                outer = by_name.get(name[:end]) if name[end] == "_" else None
                if outer is None or outer.is_signal:
                    continue
                others = self._joined(outer.shape)
                rest = name[end + 1 :]
                for member in ("", *own):
                    full = f"{rest}_{member}" if member else rest
                    if full in others:
                        self._report(f"{outer.document_name}_{full}", device.place, others[full])
                        break

    def _joined(self, shape: Shape) -> dict[str, Place]:
        """Return the names of the signals of a shape, without that of the device, and where each is written."""
        if id(shape) in self._made:
            return self._made[id(shape)]
        names: dict[str, Place] = {}

        def add(name: str, place: Place) -> None:
            if name in names:
                self._report(name, place, names[name])
            names.setdefault(name, place)

        for member in shape.members:
            if isinstance(member, SignalShape) and member.document_name is None and not member.carries_device_name:
                add(member.key, member.place)
            for child in _children(member):
                start = f"{member.key}_{child.key}" if isinstance(member, VectorShape) else str(child.key)
                for name, place in self._joined(child.shape).items():
                    add(f"{start}_{name}", place)
        self._made[id(shape)] = names
        return names

    def _report(self, name: str, place: Place, first: Place) -> None:
        self._findings.error(
            "E405",
            f"two signals have the name `{name}` in documents",
            place,
            "rename one of them, or give one another `name:`",
            (Note("the other one", first),),
        )


def _children(member: object) -> tuple[ChildShape, ...]:
    if isinstance(member, ChildShape):
        return (member,)
    return member.items if isinstance(member, VectorShape) else ()
