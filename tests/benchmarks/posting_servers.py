"""The servers of the benchmarks, in processes of their own: many values, posted on demand from inside."""

from pathlib import Path

from tests.servers.process import ServerError, ServerProcess

PROGRAMS = Path(__file__).parent / "programs" / "wire"


class PostingServer(ServerProcess):
    """Floats that can be written."""

    #: What their names begin with.
    prefix = "BENCH:"

    def post(self, count: int, seconds: float, rate: float) -> int:
        """Put the time of sending into the first ones in turn; return how often, when that is done.

        :param seconds: how long.
        :param rate: how many of them together, in 1/s.
        """
        process = self._running()
        if process.stdin is None:
            raise ServerError("it takes no commands")
        process.stdin.write(f"post {count} {seconds} {rate}\n".encode())
        return int(self._read_until("POSTED", 10 * seconds + 30))


class PostingIoc(PostingServer):
    """A soft IOC with records `BENCH:0` and so on.

    :param folder: where the log is written.
    :param records: how many.
    """

    def __init__(self, folder: Path, records: int) -> None:
        super().__init__(str(PROGRAMS / "serve.py"), [self.prefix, str(records)], log=folder / "posting_ioc.log")


class PostingTango(PostingServer):
    """A Tango server without a database, with ten devices.

    :param folder: where the log is written.
    :param attributes: how many they have together.
    """

    def __init__(self, folder: Path, attributes: int) -> None:
        super().__init__(str(PROGRAMS / "serve_tango.py"), [], log=folder / "posting_tango.log")
        self._count = attributes
        self.prefix = f"127.0.0.1:{self.ports.tango}/bench/load/"

    @property
    def arguments(self) -> list[str]:
        """Return port and number of attributes."""
        return [str(self.ports.tango), str(self._count)]
