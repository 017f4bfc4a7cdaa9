"""Services of a beamline or fragment."""

from dataclasses import dataclass, field

from ..blueprint import ServiceBlueprint
from ..check.names import check_name
from ..check.services import check_service
from ..errors import Place
from ..model.kinds import shown
from ..resolve.scope import Scope, expand
from ..source import Findings, LocatedMapping, Node
from ..source.tree import UNKNOWN


@dataclass(slots=True)
class Services:
    """What was read of `services`.

    :param failed: names of services whose mistakes were reported.
    :param absent: names that `when` removed.
    """

    made: dict[str, ServiceBlueprint] = field(default_factory=dict[str, ServiceBlueprint])
    failed: set[str] = field(default_factory=set[str])
    absent: set[str] = field(default_factory=set[str])

    def read(self, name: str, body: Node, place: Place, scope: Scope, findings: Findings) -> None:
        """Add one service; mistakes are reported.

        :param name: the final one.
        :param place: of its name in the file.
        """
        before = findings.error_count
        check_name(name, place, findings, what="service", top=True)
        if isinstance(body, LocatedMapping):
            mapping: LocatedMapping = expand(body, scope)
            if mapping.get("when") is False:
                self.absent.add(name)
                return
            service = check_service(name, mapping, place, findings)
            if service is not None:
                self.made[name] = service
        elif body is not UNKNOWN:
            findings.error("E120", f"expected a mapping, got {shown(body)}", place, "write `{type: NAME, …}`")
        if findings.error_count != before or name not in self.made:
            self.made.pop(name, None)
            self.failed.add(name)


def read_services(entries: LocatedMapping, scope: Scope, findings: Findings) -> Services:
    """Return the services of one file; mistakes are reported."""
    services = Services()
    for name, body in entries.items():
        services.read(name, body, entries.key_place(name), scope, findings)
    return services
