"""What `doctor` looks at: one module for Python, one for each protocol, one for the servers of a beamline.

Nothing here searches, sends or broadcasts but `servers`, which connects a beamline as `connect` does, and `tango`,
which asks the databases of TANGO_HOST, in a process that ends in time. A protocol is one function that takes the
variables of an environment and returns a `Section`; `CHECKS` names them all.
"""

import os
from collections.abc import Callable, Mapping

from .ca import check_ca
from .pva import check_pva
from .python import check_python
from .section import Fact, Finding, Section
from .servers import ServerReport, find_servers
from .tango import check_tango

__all__ = ["CHECKS", "Fact", "Finding", "Section", "ServerReport", "check_all", "find_servers"]

#: What is checked, in the order of the answer.
CHECKS: tuple[Callable[[Mapping[str, str]], Section], ...] = (check_python, check_ca, check_pva, check_tango)


def check_all(environment: Mapping[str, str] | None = None) -> list[Section]:
    """Return what there is to say about this process.

    :param environment: its variables; None: those of now.
    """
    variables = dict(os.environ if environment is None else environment)
    return [check(variables) for check in CHECKS]
