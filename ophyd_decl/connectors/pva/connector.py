"""The connector of pvAccess."""

import asyncio
import atexit
import logging
from collections.abc import Sequence
from typing import Any

from ...vocab.datatypes import Datatype
from ..batch import Batch
from ..batches import PutBatch, ReadBatch
from ..link import Link
from ..linked_channel import LinkedChannel
from ..linked_connector import LinkedConnector
from ..looks import Look, LookRequest
from ..protocol import PutRequest, Use
from . import library
from .alarms import with_names
from .disposal import Disposal
from .link import PvaLink
from .requests import send_looks, send_puts, send_reads

#: Of the liveness time: for how long a server may be silent.
SILENT = 0.9


class PvaConnector(LinkedConnector):
    """pvAccess; see `protocol.Connector` for the methods."""

    def __init__(self) -> None:
        super().__init__("pva", logging.getLogger("ophyd_decl.connectors.pva"))
        self.disposal = Disposal()
        #: links that are ready, and whose keeper has not said anything yet.
        self.unkept: set[PvaLink] = set()
        self._context: library.Context | None = None
        self._requests: dict[str, Any] = {}

    @property
    def context(self) -> library.Context:
        """Return the client of pvxs, made at the first use."""
        if self._context is None:
            if self._abandoned:
                raise RuntimeError("pvAccess was shut down with the interpreter")
            self._context = library.make_context(self.silence_s)
            atexit.register(self._abandon)
        return self._context

    @property
    def silence_s(self) -> float:
        """Return after how long a silent connection is closed: in time to be noticed before it counts."""
        return max(SILENT * self.liveness_s, 2.0)

    def request(self, text: str) -> Any:
        """Return a parsed request."""
        parsed = self._requests.get(text)
        if parsed is None:
            parsed = self._requests[text] = library.make_request(text)
        return parsed

    def put_request(self, wait: bool) -> Any:
        """Return the request of a put."""
        return self.request("field(value)record[block=true]" if wait else "field(value)record[block=false]")

    def make_link(self, key: object, address: str, datatype: Datatype) -> Link:
        """Return a new link; no I/O yet."""
        del datatype
        return PvaLink(key, address.strip(), self.inbox, self)

    def link_key(self, address: str, datatype: Datatype, use: Use) -> object:
        """Return what channels must have in common: the PV."""
        del datatype, use
        return address.strip()

    def ask_unkept(self) -> None:
        """Ask whether they are there of those whose keeper cannot have noticed that their connection was closed."""
        unkept, self.unkept = self.unkept, set()
        for link in unkept:
            link.ask_whether_there(len(unkept))

    def send_reads(self, batch: ReadBatch, reads: list[tuple[int, LinkedChannel]]) -> None:
        """Ask for fresh values."""
        send_reads(self, batch, reads)

    def send_puts(self, batch: PutBatch, puts: list[tuple[int, LinkedChannel, Any, bool]]) -> None:
        """Write raw values, and look at them."""
        send_puts(self, batch, puts)

    def send_looks(self, batch: Batch[Look], looks: list[LookRequest]) -> None:
        """Look at puts that were completed."""
        send_looks(self, batch, looks)

    async def execute(self, requests: Sequence[PutRequest]) -> list[Any]:
        """Write all at once; an alarm that has a text of its own is explained by STAT of the record."""
        outcomes = await super().execute(requests)
        await with_names(self, requests, outcomes)
        return outcomes

    async def close(self) -> None:
        """Release everything that this connector opened, with its threads."""
        await super().close()
        context, self._context = self._context, None
        if context is not None:
            atexit.unregister(self._abandon)
            await asyncio.to_thread(self._end, context)

    def _end(self, context: library.Context) -> None:
        self.disposal.stop()
        context.close()
        self.disposal.forget()

    def _abandon(self) -> None:
        """Close everything, since the interpreter ends; nobody is told any more."""
        self.disposal.end()
        self.abandon()
        context, self._context = self._context, None
        if context is not None:
            context.close()
