"""The connector of Channel Access."""

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

from ...errors import PutRefusedError
from ...vocab.datatypes import Datatype
from ..asking import ask
from ..batch import Batch
from ..batches import PutBatch, ReadBatch
from ..link import Link
from ..linked_channel import LinkedChannel
from ..linked_connector import LinkedConnector
from ..looks import Look, LookRequest, refusal_help
from ..protocol import PutRequest, Use
from .context import Turn, shared
from .link import CaLink
from .requests import LookGroup, PutGroup, ReadGroup
from .servers import Servers

#: Longest name of a record (PVNAME_STRINGSZ of EPICS base, without the final NUL).
LONGEST_RECORD_NAME = 60


class CaConnector(LinkedConnector):
    """Channel Access; see `protocol.Connector` for the methods. libca itself stays for the life of the process."""

    def __init__(self) -> None:
        super().__init__("ca", logging.getLogger("ophyd_decl.connectors.ca"))
        self.servers = Servers(self.later, lambda: self.liveness_s)
        shared.clients.add(self)

    def turn(self) -> AbstractContextManager[None]:
        """Return the context in which libca is called."""
        return Turn()

    def refusal(self, address: str) -> str:
        """Return why no IOC can have this PV."""
        name = address.strip()
        if not name:
            return "the PV name is blank"
        if any(letter.isspace() for letter in name):
            return "the PV name holds a blank"
        if len(name.partition(".")[0]) > LONGEST_RECORD_NAME:
            return f"the PV name is longer than {LONGEST_RECORD_NAME} characters"
        return ""

    def link_key(self, address: str, datatype: Datatype, use: Use) -> object:
        """Return what channels must have in common: PV, whether a long string is wanted, whether an array is."""
        del use
        return address.strip(), _wants_text(datatype), datatype.shape is not None

    def keys_of(self, name: str) -> Sequence[object]:
        """Return every key that `link_key` may give for an address."""
        return [(name, is_text, is_array) for is_text in (False, True) for is_array in (False, True)]

    def make_link(self, key: object, address: str, datatype: Datatype) -> Link:
        """Return a new link; no I/O yet."""
        return CaLink(key, address.strip(), self.inbox, self, _wants_text(datatype), datatype.shape is not None)

    def send_reads(self, batch: ReadBatch, reads: list[tuple[int, LinkedChannel]]) -> None:
        """Ask for fresh values, with one flush."""
        ReadGroup(batch).send(reads)

    def send_puts(self, batch: PutBatch, puts: list[tuple[int, LinkedChannel, Any, bool]]) -> None:
        """Write raw values and look at them, with one flush."""
        PutGroup(batch).send(puts)

    def send_looks(self, batch: Batch[Look], looks: list[LookRequest]) -> None:
        """Look at puts that were completed, with one flush."""
        LookGroup(batch, looks)

    async def execute(self, requests: Sequence[PutRequest]) -> list[Any]:
        """Write all at once; a refusal is explained by DISP of the record, since the protocol gives no reason."""
        outcomes = await super().execute(requests)
        refused: dict[str, list[PutRefusedError]] = {}
        for request, outcome in zip(requests, outcomes, strict=True):
            if type(outcome) is PutRefusedError and not outcome.for_rights:
                record = cast(LinkedChannel, request.channel).link.name.partition(".")[0]
                refused.setdefault(f"{record}.DISP", []).append(outcome)
        if refused:
            for name, disp in zip(refused, await ask(self, list(refused), Datatype("int")), strict=True):
                for error in refused[name]:
                    error.help = refusal_help(disp)
        return outcomes


def _wants_text(datatype: Datatype) -> bool:
    return datatype.name == "str" and datatype.shape is None
