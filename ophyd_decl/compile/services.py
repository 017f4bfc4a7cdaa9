"""Services of a beamline: read before the devices, whose references may lead to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..blueprint import ServiceBlueprint
from ..check.names import check_name
from ..check.services import check_service
from ..model.kinds import shown
from ..resolve.pieces import Entry
from ..resolve.scope import expand
from ..source import Findings, LocatedMapping
from ..source.tree import UNKNOWN


@dataclass(slots=True)
class Services:
    """What was read of `services`.

    :param failed: names of services whose mistakes were reported.
    :param absent: names that `when` removed.
    :param entries: where each service comes from.
    """

    made: dict[str, ServiceBlueprint] = field(default_factory=dict[str, ServiceBlueprint])
    failed: set[str] = field(default_factory=set[str])
    absent: set[str] = field(default_factory=set[str])
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])


def read_services(entries: Iterable[Entry], findings: Findings) -> Services:
    """Return the services of a beamline; mistakes are reported."""
    services = Services()
    for entry in entries:
        with entry.telling(findings):
            before = findings.error_count
            services.entries[entry.name] = entry
            check_name(entry.name, entry.place, findings, what="service", top=True)
            _read(entry, services, findings)
            if findings.error_count != before:
                services.made.pop(entry.name, None)
                services.failed.add(entry.name)
    return services


def _read(entry: Entry, services: Services, findings: Findings) -> None:
    body = entry.body
    if not isinstance(body, LocatedMapping):
        if body is not UNKNOWN:
            place = entry.mapping.value_place(entry.key)
            findings.error("E120", f"expected a mapping, got {shown(body)}", place, "write `{type: NAME, …}`")
        return
    mapping: LocatedMapping = expand(body, entry.scope)
    if mapping.get("when") is False:
        services.absent.add(entry.name)
        return
    service = check_service(entry.name, mapping, entry.place, findings)
    if service is not None:
        services.made[entry.name] = service
