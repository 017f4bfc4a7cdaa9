"""This package on Tango: devices from YAML, one device whose children are the Tango devices."""

from typing import Any

from peer_ophyd_decl import TYPES, OphydDeclPeer, load


class OphydDeclTangoPeer(OphydDeclPeer):
    def _bank_text(self) -> tuple[str, list[str]]:
        devices: dict[str, list[str]] = {}
        for address in self._addresses:
            trl, attribute = split(address)
            devices.setdefault(trl, []).append(attribute)
        types, children = [TYPES], ["  bank:", "    children:"]
        for number, (trl, attributes) in enumerate(devices.items()):
            types += [f"  load{number}:", "    params: {trl: {type: str}}", "    signals:"]
            types += [f"      {name}: {{attr: {name}, {KEYS}, format: uncached}}" for name in attributes]
            children.append(f'      load{number}: {{type: bench.load{number}, trl: "{trl}"}}')
        return "\n".join([*types, *children, ""]), ["  bank: {type: bench.bank}"]

    def _members(self) -> list[Any]:
        return [signal for _, device in self._bank.children() for _, signal in device.children()]

    def is_monitored(self) -> bool:
        # A value is there before its events are, by a read.
        return all(channel.link.updates == "change" for signal in self._signals for channel in signal.channels)

    def scanned(self, run_engine: Any, kind: str, *, fresh: bool) -> tuple[Any, list[Any]]:
        del run_engine, kind, fresh  # the newest is used; nothing is ever told that a move may have changed
        lines = self._device("detector", self._addresses[2:12], "hinted")
        for number, address in enumerate(self._addresses[:2]):
            lines += self._device(f"axis{number}", [address], "hinted")
        beamline = load(TYPES, lines)
        beamline.connect(30.0).or_raise()
        axes = [child for axis in (beamline.axis0, beamline.axis1) for _, child in axis.children()]
        return beamline.detector, axes

    @staticmethod
    def _device(name: str, addresses: list[str], format: str) -> list[str]:
        """Return the lines of a device with attributes of one Tango device."""
        trl = split(addresses[0])[0]
        attributes = [split(address)[1] for address in addresses]
        return [
            f"  {name}:",
            "    type: tango.device",
            f'    trl: "{trl}"',
            "    signals:",
            *(f"      {attribute}: {{attr: {attribute}, {KEYS}, format: {format}}}" for attribute in attributes),
        ]


KEYS = "dtype: float, access: rw"


def split(address: str) -> tuple[str, str]:
    """Return the TRL of a device, and the name of its attribute."""
    path, _, mark = address.partition("#")
    device, _, attribute = path.rpartition("/")
    return f"{device}#{mark}", attribute
