"""The Tango servers of Debian's packages: TangoTest, and DataBaseds on MariaDB.

They are used from a folder into which the packages `tango-test`, `tango-db` and `mariadb-server` were unpacked, which
OPHYD_DECL_DEBIAN names, or from where they are installed. MariaDB listens at no port; what it keeps is in a folder of
the test. None of these programs ends with its standard input, so they are killed: by the test, or with its process.
"""

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from .process import ServerError, ServerProcess
from .tango_database import DatabaseProcess

VARIABLE = "OPHYD_DECL_DEBIAN"
DEVICE = "sys/tg_test/1"
_TANGO_TEST, _DATABASE, _MARIADB = "usr/lib/tango/TangoTest", "usr/lib/tango/DataBaseds", "usr/sbin/mariadbd"
_CLIENT, _TABLES = "usr/bin/mariadb", "usr/share/dbconfig-common/data/tango-db/install/mysql"
_START_S = 30.0


def _file(name: str) -> Path:
    """Return a file of a package."""
    root = os.environ.get(VARIABLE, "")
    found = Path(root, name) if root else Path("/", name)
    return found if found.exists() else Path("/", name)


def needs_tango_test() -> None:
    """Skip a test where there is no TangoTest."""
    if not _file(_TANGO_TEST).exists():
        pytest.skip(f"Debian's package tango-test is neither installed nor in the folder of {VARIABLE}")


def needs_database() -> None:
    """Skip a test where there is no TangoTest, or no database for it."""
    needs_tango_test()
    if not all(_file(name).exists() for name in (_DATABASE, _MARIADB, _CLIENT, _TABLES)):
        pytest.skip(f"Debian's packages tango-db and mariadb-server are not here ({VARIABLE})")


def _command(program: str) -> list[str]:
    """Return what starts a program that ends when the thread that started it does."""
    setpriv = shutil.which("setpriv")
    tied = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
    return [*tied, str(_file(program))]


def _environment() -> dict[str, str]:
    """Return the variables with which programs find the libraries that were unpacked beside them."""
    root = os.environ.get(VARIABLE, "")
    folders = [str(folder) for where in ("usr/lib", "lib") for folder in Path(root, where).glob("*-linux-gnu")]
    return {"LD_LIBRARY_PATH": ":".join(folders)} if root else {}


class TangoTest(ServerProcess):
    """TangoTest with its device `sys/tg_test/1`.

    :param database: that knows it by the name `TangoTest/test`, as that of Debian does; None: it has none.
    """

    ready = "Ready to accept request"

    def __init__(self, folder: Path, database: "DebianDatabase | None" = None) -> None:
        self.database = database
        super().__init__(_TANGO_TEST, [], log=folder / "tango_test.log")

    @property
    def command_line(self) -> list[str]:
        """Return what is started."""
        alone = ["-nodb", "-dlist", DEVICE] if self.database is None else []
        return [*_command(_TANGO_TEST), "test", "-ORBendPoint", f"giop:tcp:127.0.0.1:{self.ports.ca}", *alone]

    @property
    def server_environment(self) -> dict[str, str]:
        """Return the variables of its own process."""
        host = {} if self.database is None else {"TANGO_HOST": self.database.host}
        return {**super().server_environment, **_environment(), **host}

    @property
    def trl(self) -> str:
        """Return the TRL of its device."""
        if self.database is not None:
            return self.database.trl(DEVICE)
        return f"tango://127.0.0.1:{self.ports.ca}/{DEVICE}#dbase=no"

    def stop(self) -> None:
        """End it; it does not do so when it is asked."""
        self.kill()


class MariaDb:
    """MariaDB without a port, for one user, with the tables of a Tango database.

    :param folder: where it keeps everything.
    """

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "socket"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make its tables and start it.

        :raises ServerError: if that does not work within 30 s.
        """
        (self._folder / "data").mkdir()
        tables = _file("usr/share/mysql/mysql_system_tables.sql").read_text(encoding="utf-8")
        self._run([*self._server, "--bootstrap"], f"create database mysql;\nuse mysql;\n{tables}")
        with (self._folder / "mariadb.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._server, f"--socket={self.socket}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | _environment(), start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise ServerError((self._folder / "mariadb.log").read_text(errors="replace"))
            time.sleep(0.02)
        root = str(_file(_TABLES)).removesuffix(_TABLES)
        script = _file(_TABLES).read_text(encoding="utf-8").replace("source /", f"source {root}")
        self._run(
            [str(_file(_CLIENT)), "--no-defaults", f"--socket={self.socket}", "--user=root"],
            f"create database tango;\nuse tango;\n{script}",
        )

    def close(self) -> None:
        """End it at once; nothing that it keeps is wanted."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def _server(self) -> list[str]:
        messages = _file("usr/share/mysql")
        return [
            *_command(_MARIADB), "--no-defaults", f"--basedir={messages.parents[1]}", f"--lc-messages-dir={messages}",
            f"--datadir={self._folder / 'data'}", "--skip-networking", "--skip-grant-tables", "--skip-log-bin",
            "--innodb-buffer-pool-size=16M", *(["--user=root"] if os.geteuid() == 0 else []),
        ]  # fmt: skip

    def _run(self, command: list[str], text: str) -> None:
        done = subprocess.run(
            command, input=text, env=os.environ | _environment(), capture_output=True, text=True, timeout=_START_S,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise ServerError(f"{command[0]}: {done.stdout}{done.stderr}")

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
            probe.connect(str(self.socket))
            return True
        return False


class DebianDatabase(DatabaseProcess):
    """Debian's Tango database on a MariaDB of its own; it knows TangoTest already."""

    def __init__(self, folder: Path) -> None:
        self._mariadb = MariaDb(folder)
        super().__init__(_DATABASE, [], log=folder / "database.log")

    @property
    def command_line(self) -> list[str]:
        """Return what is started."""
        return [*_command(_DATABASE), "2", "-ORBendPoint", f"giop:tcp:127.0.0.1:{self.ports.ca}"]

    @property
    def server_environment(self) -> dict[str, str]:
        """Return the variables of its own process."""
        client = {"MYSQL_UNIX_PORT": str(self._mariadb.socket), "MYSQL_HOST": "localhost", "MYSQL_USER": "root"}
        return {**super().server_environment, **_environment(), **client, "TANGO_HOST": self.host}

    def start(self) -> "DebianDatabase":
        """Start both, and wait until clients can connect."""
        self._mariadb.start()
        return super().start()

    def stop(self) -> None:
        """End both."""
        self.kill()
        self._mariadb.close()
