"""The program of the soft IOC of the benchmarks: records over Channel Access and pvAccess (QSRV 2), posted on demand.

    serve.py PREFIX RECORDS

It writes READY when clients can connect. A line `post RECORDS SECONDS RATE` on its standard input puts the time of
sending, on the clock of `time.monotonic`, into the first records in turn; then it writes how often, and POSTED. It ends
when its standard input does.
"""

import ctypes
import os
import sys
import tempfile
import time

import pvxslibs.path
from epicscorelibs import ioc

#: Code of a double in the database of an IOC (dbAccess.h), and room for one of its addresses (struct dbAddr).
DBR_DOUBLE, ADDRESS_SIZE = 10, 512
#: How long the poster sleeps between two bursts, in s.
PAUSE_S = 0.0005
RECORD = """\
record(ao, "{name}") {{
  field(VAL, "{value}") field(PINI, "YES") field(PREC, "3") field(EGU, "mm")
  field(DRVH, "1e9") field(DRVL, "-1e9") field(HOPR, "1e9") field(LOPR, "-1e9")
}}
"""


def main() -> None:
    """Serve until the standard input ends."""
    prefix, records = sys.argv[1], int(sys.argv[2])
    with tempfile.NamedTemporaryFile("w", suffix=".db") as file:
        for number in range(records):
            file.write(RECORD.format(name=f"{prefix}{number}", value=number + 0.5))
        file.flush()
        ioc.start_ioc(
            dbs=[(file.name, "")],
            extra_dbd_load=(("pvxsIoc.dbd", pvxslibs.path.dbd_path),),
            extra_dso_load=("pvxslibs.lib.pvxsIoc",),
        )
    answer("READY")
    for line in sys.stdin:
        _, count, seconds, rate = line.split()
        answer(str(post([f"{prefix}{number}" for number in range(int(count))], float(seconds), float(rate))))
        answer("POSTED")
    os._exit(0)


def post(names: list[str], seconds: float, rate: float) -> int:
    """Put the time into the records in turn, and return how often that was done.

    :param seconds: how long.
    :param rate: how many of them together, in 1/s.
    """
    addresses = [address_of(name) for name in names]
    put, value, clock = ioc.dbCore.dbPutField, ctypes.c_double(), time.monotonic
    code, one, pointer = ctypes.c_short(DBR_DOUBLE), ctypes.c_long(1), ctypes.byref(value)
    started, posted, total = clock(), 0, int(seconds * rate)
    while posted < total:
        due = min(int((clock() - started) * rate), total)
        while posted < due:
            value.value = clock()
            put(addresses[posted % len(addresses)], code, pointer, one)
            posted += 1
        time.sleep(PAUSE_S)
    return posted


def address_of(name: str) -> ctypes.Array[ctypes.c_char]:
    """Return the address of the value of a record."""
    address = ctypes.create_string_buffer(ADDRESS_SIZE)
    if ioc.dbCore.dbNameToAddr(name.encode(), address):
        raise LookupError(f"no record {name}")
    return address


def answer(word: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
