"""A soft IOC for a test: real records over Channel Access and pvAccess, from a database file or its text."""

from collections.abc import Mapping
from pathlib import Path

from .process import ServerError, ServerProcess

#: One record of each kind that the tests need; see the comments in the file.
RECORDS = Path(__file__).parent / "records.db"
#: Rules for the IOC's access security under which records of the group READONLY refuse every put.
READ_ONLY_GROUP = "ASG(DEFAULT) { RULE(1, WRITE) }\nASG(READONLY) { RULE(1, READ) }\n"
_COMMAND_TIMEOUT_S = 10.0


class Ioc(ServerProcess):
    """A soft IOC of its own names: the macro P of its database is a prefix that no other IOC of these tests has.

    :param folder: where the database, if given as text, and the log are written.
    :param prefix: value of the macro P.
    :param database: file of records, or their text.
    :param macros: further macros of the database.
    :param access: text of access security groups, for records with a field ASG.
    """

    def __init__(
        self,
        folder: Path,
        prefix: str,
        database: Path | str = RECORDS,
        macros: Mapping[str, str] | None = None,
        access: str | None = None,
    ) -> None:
        self.prefix = prefix
        stem = prefix.strip(":")
        if isinstance(database, str):
            text, database = database, folder / f"{stem}.db"
            database.write_text(text)
        values = ",".join(f"{name}={value}" for name, value in {"P": prefix, **(macros or {})}.items())
        arguments = ["--database", str(database), "--macros", values]
        if access is not None:
            rules = folder / f"{stem}.acf"
            rules.write_text(access)
            arguments += ["--access", str(rules)]
        super().__init__("ioc_process.py", arguments, log=folder / f"{stem}.log")

    def pv(self, name: str) -> str:
        """Return the name of a PV from that of a record: `ai`, `ai.DESC`."""
        return f"{self.prefix}{name}"

    def command(self, line: str) -> str:
        """Have the IOC's shell run a line, such as `dbgf`, and return what it prints to standard output."""
        process = self._running()
        if process.stdin is None or "\n" in line:
            raise ServerError(f"not a line for the IOC's shell: {line!r}")
        process.stdin.write(f"{line}\n".encode())
        return self._read_until("END", _COMMAND_TIMEOUT_S)

    def put(self, name: str, value: str | float) -> None:
        """Set a field on the server's side, with no client involved, and process its record.

        :raises ServerError: if the IOC does not take it.
        """
        answer = self.command(f'dbpf "{self.pv(name)}" "{value}"')
        if "DBF_" not in answer:
            raise ServerError(f"{self.pv(name)}: {answer.strip() or self._log_text()}")


class RandomWalk(ServerProcess):
    """caproto's example: `random_walk:dt`, the writable period in s, and `random_walk:x`, which walks (CA only)."""

    def __init__(self, folder: Path, prefix: str = "random_walk:") -> None:
        self.prefix = prefix
        arguments = ["caproto.ioc_examples.random_walk", "--prefix", prefix, "--interfaces", "127.0.0.1"]
        super().__init__("caproto_process.py", arguments, log=folder / "random_walk.log")
