"""The program of a soft IOC for tests: Channel Access and pvAccess (QSRV 2) from a database file.

It writes READY when clients can connect. Each line of its standard input is then a command of the IOC shell; what the
command prints goes to standard output, followed by a line END. It ends when its standard input does, so it cannot
outlive the process that started it. Standard error is the log.
"""

import argparse
import ctypes
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))

from tests.servers.quick_import import without_setuptools

without_setuptools()

import pvxslibs.path  # noqa: E402
from epicscorelibs import ioc  # noqa: E402

READY, END = "READY", "END"


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", required=True, help="file of records")
    parser.add_argument("--macros", default="", help="NAME=VALUE,... for the database")
    parser.add_argument("--access", help="file of access security groups")
    options = parser.parse_args()
    if options.access:
        ioc.iocshRegisterCommon()
        ioc.ioc(f'asSetFilename("{options.access}")')
    ioc.start_ioc(
        dbs=[(options.database, options.macros)],
        extra_dbd_load=(("pvxsIoc.dbd", pvxslibs.path.dbd_path),),
        extra_dso_load=("pvxslibs.lib.pvxsIoc",),
    )
    answer(READY)
    for line in sys.stdin:
        ioc.ioc(line.rstrip("\n"))
        answer(END)
    # Nothing here is worth an orderly end, which takes the IOC seconds.
    os._exit(0)


def answer(word: str) -> None:
    """Write a line after everything that the IOC's own C code has printed."""
    ctypes.CDLL(None).fflush(None)
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
