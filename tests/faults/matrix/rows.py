"""What must come of each cell. The docstring of each is its text in the docs: what the user gets."""

from typing import Any

from ophyd_decl.connectors.protocol import Description
from ophyd_decl.errors import (
    AbsentError,
    DisconnectedError,
    MismatchError,
    MoveError,
    PutLostError,
    PutNotSentError,
    PutRefusedError,
    PutTimeoutError,
    ReadError,
    ReadTimeoutError,
)
from tests.faults.matrix.bench import LIVENESS_S, Did, Story
from tests.faults.matrix.scans import BEFORE, POINTS, ScanStory
from tests.faults.matrix.scenarios import DELAY_S

#: Within this a fault must be known, in s.
NOTICE_S = 1.0
#: What a command may take where nobody has to wait for anything, in s.
PROMPT_S = 2.0


def failed(did: Did, *kinds: type[Exception]) -> Any:
    """Return the error that came of something; fails if it is no error of these kinds."""
    assert isinstance(did.outcome, kinds), did
    assert bool(did.outcome)
    return did.outcome


class Row:
    """What must come of each thing that a user does under one fault."""

    def read(self, story: Story) -> None:
        raise NotImplementedError

    def staged_read(self, story: Story) -> None:
        raise NotImplementedError

    def monitor(self, story: Story) -> None:
        raise NotImplementedError

    def put(self, story: Story) -> None:
        raise NotImplementedError

    def connect(self, story: Story) -> None:
        raise NotImplementedError

    def scan(self, scan: ScanStory) -> None:
        raise NotImplementedError


class Closed(Row):
    """The server was killed, or its host has rebooted."""

    def read(self, story: Story) -> None:
        """`DisconnectedError` within 1 s, with the age of the last value"""
        failed(story.during["read"], DisconnectedError)
        assert story.during["read"].took_s < NOTICE_S
        assert story.after["read"].outcome == 1.5

    def staged_read(self, story: Story) -> None:
        """`DisconnectedError` within 1 s: the held value is not served"""
        error = failed(story.during["staged read"], DisconnectedError)
        assert error.signal == "det.number"
        assert error.age_s is not None
        assert story.during["staged read"].took_s < NOTICE_S
        assert story.after["staged read"].outcome == 1.5

    def monitor(self, story: Story) -> None:
        """`DisconnectedError` within 1 s; the value comes again with the server"""
        failed(story.during["monitor"], DisconnectedError)
        assert story.during["monitor"].took_s < NOTICE_S
        assert story.after["monitor"].outcome == 1.5

    def put(self, story: Story) -> None:
        """`DisconnectedError`, nothing was sent"""
        failed(story.during["put"], DisconnectedError)
        assert story.during["put"].took_s < NOTICE_S
        assert story.after["put"].outcome is None

    def connect(self, story: Story) -> None:
        """absent, the server is silent; usable when the server is back"""
        assert failed(story.during["connect"], AbsentError).verdict == "silent"
        assert isinstance(story.after["connect"].outcome, Description)

    def scan(self, scan: ScanStory) -> None:
        """the plan fails, `DisconnectedError`; no event more is saved"""
        scan.failed_with(DisconnectedError, PutLostError)
        assert len(scan.events) == BEFORE


class Silent(Row):
    """The server hangs, a cable was pulled, or the power is off: the connection stands, and nothing comes."""

    def read(self, story: Story) -> None:
        """`ReadTimeoutError` after the time-out; within `liveness` known as `DisconnectedError`"""
        failed(story.during["read"], DisconnectedError, ReadTimeoutError)
        assert story.during["read"].took_s < 1.0 + PROMPT_S
        assert story.after["read"].outcome in (7.0, 8.0)

    def staged_read(self, story: Story) -> None:
        """the held value within `liveness`, then an error as of a read"""
        failed(story.during["staged read"], DisconnectedError, ReadTimeoutError)
        assert story.during["staged read"].took_s < 1.0 + PROMPT_S
        assert story.after["staged read"].outcome == story.after["read"].outcome

    def monitor(self, story: Story) -> None:
        """`DisconnectedError` within `liveness`"""
        failed(story.during["monitor"], DisconnectedError)
        assert story.during["monitor"].took_s < LIVENESS_S + 1.0
        assert story.after["monitor"].outcome == story.after["read"].outcome

    def put(self, story: Story) -> None:
        """`PutTimeoutError` if it was sent; then `PutNotSentError`, and it is never sent later"""
        failed(story.during["put at once"], PutTimeoutError, PutNotSentError)
        failed(story.during["put"], PutNotSentError, DisconnectedError)
        assert story.after["put"].outcome is None  # and 9.0 was never there

    def connect(self, story: Story) -> None:
        """absent; usable when the server goes on"""
        failed(story.during["connect"], AbsentError)
        assert isinstance(story.after["connect"].outcome, Description)

    def scan(self, scan: ScanStory) -> None:
        """the plan fails with the time-out or within `liveness`; no event more is saved"""
        scan.failed_with(DisconnectedError, PutTimeoutError, PutNotSentError, ReadTimeoutError, MoveError)
        assert len(scan.events) == BEFORE
        assert scan.took_s < LIVENESS_S + 10.0


class Restarted(Row):
    """The server was started again, with other values."""

    def read(self, story: Story) -> None:
        """`DisconnectedError` until the new server is checked, then its value"""
        assert story.during["read"].outcome == 1.5 or failed(story.during["read"], DisconnectedError)
        assert story.after["read"].outcome == 1.5

    def staged_read(self, story: Story) -> None:
        """the same: never a value of the old server"""
        assert story.during["staged read"].outcome == 1.5 or failed(story.during["staged read"], DisconnectedError)
        assert story.after["staged read"].outcome == 1.5

    def monitor(self, story: Story) -> None:
        """goes on by itself with the value of the new server"""
        updates = story.during["monitor"].outcome
        lost = [index for index, update in enumerate(updates) if isinstance(update, DisconnectedError)]
        assert lost, updates
        assert {update.value for update in updates[: lost[0]]} == {7.0}, updates
        after = [update for update in updates[lost[0] :] if not isinstance(update, DisconnectedError)]
        assert {update.value for update in after} == {1.5}, updates
        assert story.after["monitor"].outcome == 1.5

    def put(self, story: Story) -> None:
        """`DisconnectedError` until the new server is checked, then done by it"""
        assert story.during["put"].outcome is None or failed(story.during["put"], DisconnectedError)
        assert story.after["put"].outcome is None

    def connect(self, story: Story) -> None:
        """connects when the new server answers"""
        assert isinstance(story.during["connect"].outcome, Description)

    def scan(self, scan: ScanStory) -> None:
        """fails as with a closed connection, or goes on with values of the new server alone"""
        if scan.error is not None:
            scan.failed_with(DisconnectedError, PutLostError)
            assert len(scan.events) == BEFORE
        else:
            assert len(scan.events) == POINTS


class Slow(Row):
    """Every answer comes later."""

    def read(self, story: Story) -> None:
        """the value, later; `ReadTimeoutError` if its time-out is shorter"""
        assert story.during["read"].outcome == 7.0
        assert story.during["read"].took_s >= DELAY_S
        failed(story.during["read, impatient"], ReadTimeoutError)

    def staged_read(self, story: Story) -> None:
        """after a put a fresh value, and not the held one whose update is under way"""
        assert story.during["staged read"].outcome == 8.0

    def monitor(self, story: Story) -> None:
        """every change in order, later"""
        between = [7.5] if isinstance(story.during["put, impatient"].outcome, PutTimeoutError) else []
        assert story.during["monitor"].outcome == [7.0, *between, 8.0]

    def put(self, story: Story) -> None:
        """done, later; `PutTimeoutError` or `PutNotSentError` if its time-out is shorter"""
        assert story.during["put"].outcome is None
        failed(story.during["put, impatient"], PutTimeoutError, PutNotSentError)

    def connect(self, story: Story) -> None:
        """connects, later"""
        assert isinstance(story.during["connect"].outcome, Description)

    def scan(self, scan: ScanStory) -> None:
        """goes on to its end, slower; every event holds the values of its point"""
        assert scan.error is None, scan.error
        assert len(scan.events) == POINTS


class Refusing(Row):
    """Access security has taken the rights away."""

    def read(self, story: Story) -> None:
        """`ReadError` that names the rights (Channel Access; QSRV lets everybody read)"""
        if story.protocol == "ca":
            failed(story.during["read"], ReadError)
        else:
            assert story.during["read"].outcome == 7.0
        assert story.after["read"].outcome == 7.0

    def staged_read(self, story: Story) -> None:
        """the same"""
        if story.protocol == "ca":
            failed(story.during["staged read"], ReadError)
        else:
            assert story.during["staged read"].outcome == 7.0
        assert story.after["staged read"].outcome == 7.0

    def monitor(self, story: Story) -> None:
        """no value that may not be read; goes on when the rights are back"""
        assert {update.value for update in story.during["monitor"].outcome if not isinstance(update, Exception)} == {
            7.0
        }
        assert story.after["monitor"].outcome == 7.0

    def put(self, story: Story) -> None:
        """`PutRefusedError`, the value is unchanged"""
        failed(story.during["put"], PutRefusedError)
        assert story.after["put"].outcome is None

    def connect(self, story: Story) -> None:
        """connects, and tells the rights where the protocol does"""
        outcome = story.during["connect"].outcome
        assert isinstance(outcome, Description), outcome
        # pvAccess tells no rights: QSRV lets everybody read, and a put finds out the rest.
        assert (outcome.readable, outcome.writable) == (story.protocol == "pva", story.protocol == "pva")

    def scan(self, scan: ScanStory) -> None:
        """the plan stops at the move, `PutRefusedError`; no event more is saved"""
        scan.failed_with(PutRefusedError)
        assert len(scan.events) == BEFORE


class Mismatch(Row):
    """What the two faults have in common in which a server serves something else than is declared."""

    def _refused(self, story: Story, doing: str) -> None:
        error = failed(story.during[doing], MismatchError)
        assert error.expected is not None
        assert error.found is not None

    def read(self, story: Story) -> None:
        self._refused(story, "read")

    def staged_read(self, story: Story) -> None:
        self._refused(story, "staged read")

    def monitor(self, story: Story) -> None:
        self._refused(story, "monitor")

    def put(self, story: Story) -> None:
        self._refused(story, "put")
        assert story.after["put"].outcome is None

    def connect(self, story: Story) -> None:
        self._refused(story, "connect")
        assert isinstance(story.after["connect"].outcome, Description)


class Relabelled(Mismatch):
    """Two labels of an enum have changed places, under the connection."""

    def read(self, story: Story) -> None:
        """`MismatchError` with the labels of both sides: nothing is mapped by position"""
        super().read(story)
        assert story.after["read"].outcome == "High"

    def staged_read(self, story: Story) -> None:
        """the same: the held value, whose label is another one now, is not served"""
        super().staged_read(story)
        assert story.after["staged read"].outcome == "High"

    def monitor(self, story: Story) -> None:
        """`MismatchError`; goes on when the labels are right again"""
        super().monitor(story)
        assert story.after["monitor"].outcome == "High"

    def put(self, story: Story) -> None:
        """`MismatchError`, nothing was sent"""
        super().put(story)

    def connect(self, story: Story) -> None:
        """mismatch, with the labels of both sides"""
        super().connect(story)

    def scan(self, scan: ScanStory) -> None:
        """the plan fails, `MismatchError`; no event with a wrong label is saved"""
        scan.failed_with(MismatchError)
        assert len(scan.events) == BEFORE
        assert {event["det-mode"] for event in scan.events} == {"High"}


class Retyped(Mismatch):
    """The server was started again, with another type."""

    def read(self, story: Story) -> None:
        """`MismatchError` with the types of both sides"""
        super().read(story)
        assert story.after["read"].outcome == 1.5

    def staged_read(self, story: Story) -> None:
        """the same"""
        super().staged_read(story)
        assert story.after["staged read"].outcome == 1.5

    def monitor(self, story: Story) -> None:
        """`MismatchError`; goes on when the type is right again"""
        super().monitor(story)
        assert story.after["monitor"].outcome == 1.5

    def put(self, story: Story) -> None:
        """`MismatchError`, nothing was sent"""
        super().put(story)

    def connect(self, story: Story) -> None:
        """mismatch, with the types of both sides"""
        super().connect(story)

    def scan(self, scan: ScanStory) -> None:
        """the plan fails, and so does each that follows, `MismatchError`, until the type is right again"""
        scan.failed_with(DisconnectedError, PutLostError, MismatchError)
        assert len(scan.events) == BEFORE
        assert isinstance(scan.error_of_next, MismatchError), repr(scan.error_of_next)


class Truncated(Row):
    """Every connection ends in the middle of a message, those that follow too."""

    def read(self, story: Story) -> None:
        """`DisconnectedError`: half an answer is none"""
        failed(story.during["read"], DisconnectedError)

    def staged_read(self, story: Story) -> None:
        """the same, and the held value is not served"""
        failed(story.during["staged read, afresh"], DisconnectedError)
        failed(story.during["staged read"], DisconnectedError)
        assert story.after["staged read"].outcome == story.after["read"].outcome

    def monitor(self, story: Story) -> None:
        """`DisconnectedError` at once; goes on when a connection lasts"""
        failed(story.during["monitor"], DisconnectedError)
        assert story.after["monitor"].outcome == story.after["read"].outcome

    def put(self, story: Story) -> None:
        """`PutLostError` if it was sent, else `DisconnectedError`; it is not sent later"""
        failed(story.during["put"], PutLostError, DisconnectedError)
        failed(story.during["put, closed"], DisconnectedError, PutLostError)
        assert story.after["put"].outcome is None

    def connect(self, story: Story) -> None:
        """absent; usable when a connection lasts"""
        failed(story.during["connect"], AbsentError)
        assert isinstance(story.after["connect"].outcome, Description)

    def scan(self, scan: ScanStory) -> None:
        """the plan fails, `DisconnectedError` or `PutLostError`; no event more is saved"""
        scan.failed_with(DisconnectedError, PutLostError)
        assert len(scan.events) == BEFORE


ROWS: dict[str, Row] = {
    "closed": Closed(),
    "silent": Silent(),
    "restarted": Restarted(),
    "slow": Slow(),
    "refusing": Refusing(),
    "relabelled": Relabelled(),
    "retyped": Retyped(),
    "truncated": Truncated(),
}
