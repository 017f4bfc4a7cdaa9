"""The soft IOC of the benchmarks, in a process of its own: many records, posted on demand from inside."""

from pathlib import Path

from tests.servers.process import ServerError, ServerProcess

PROGRAM = Path(__file__).parent / "programs" / "wire" / "serve.py"
PREFIX = "BENCH:"


class PostingIoc(ServerProcess):
    """Records `BENCH:0` and so on, floats that can be written.

    :param folder: where the log is written.
    :param records: how many.
    """

    def __init__(self, folder: Path, records: int) -> None:
        super().__init__(str(PROGRAM), [PREFIX, str(records)], log=folder / "posting_ioc.log")

    def post(self, records: int, seconds: float, rate: float) -> int:
        """Put the time of sending into the first records in turn; return how often, when that is done.

        :param seconds: how long.
        :param rate: how many of them together, in 1/s.
        """
        process = self._running()
        if process.stdin is None:
            raise ServerError("it takes no commands")
        process.stdin.write(f"post {records} {seconds} {rate}\n".encode())
        return int(self._read_until("POSTED", 10 * seconds + 30))
