"""The program of a Tango database for tests: `tango_database_process.py --port PORT --file FILE`.

pytango's own database server, which keeps what it knows in a file of sqlite. It says "Ready to accept request" when
clients can connect, and ends when its standard input does.
"""

import argparse
import os
import sys
import threading


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", required=True, type=int, help="TCP port of the database, on 127.0.0.1")
    parser.add_argument("--file", required=True, help="where it keeps what it knows; made if it is not there")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # Tango does not flush what it says there
    os.environ["TANGO_HOST"] = f"127.0.0.1:{options.port}"
    os.environ["PYTANGO_DATABASE_NAME"] = options.file  # read once, at the import
    from tango.databaseds import database

    threading.Thread(target=end_with_input, name="standard input", daemon=True).start()
    database.main(["--host", "127.0.0.1", "--port", str(options.port), "2"])


def end_with_input() -> None:
    """End the process with its standard input."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
