"""Tango: which client library, what TANGO_HOST is, and whether the databases that it names answer.

Source: Tango documentation, "Environment variables", "Multiple database servers within a Tango control system".
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

from ...session.search import TANGO_HOST, tango_host
from ...vocab.addresses import tango_hosts
from .section import Section, installed

_HELP = f"set {TANGO_HOST}=HOST:PORT"
#: How long a process that asks may take to start, and to be ended by its own alarm, in s.
_START_S = 30.0


def check_tango(environment: Mapping[str, str]) -> Section:
    """Return what Tango is used with, and what is wrong with it."""
    section = Section("tango")
    if find_spec("tango") is None:
        section.note("Tango cannot be used: pytango is not installed", "pip install ophyd-decl[tango]")
        return section
    section.fact("pytango", installed("pytango"))
    for name in environment:
        if name != TANGO_HOST and get_close_matches(name, [TANGO_HOST], 1, 0.85):
            section.warn(f"{name} is no variable of this client", f"did you mean {TANGO_HOST}?")
    text, by_file = tango_host(environment)
    about = "where names without host and port are looked up"
    section.fact(TANGO_HOST, text or "not set", f"{about}; by ~/.tangorc or /etc/tangorc" if by_file else about)
    if not text:
        section.note(f"only a `trl` with host and port can be used: {TANGO_HOST} is not set", _HELP)
        return section
    hosts = tango_hosts(text)
    if isinstance(hosts, str):
        section.error(f"{TANGO_HOST}={text} names no database: {hosts}", _HELP)
        return section
    _check_databases(section, hosts)
    return section


def _check_databases(section: Section, hosts: list[tuple[str, int]]) -> None:
    problems: list[str] = []
    for host, port in hosts:
        answer = _ask(host, port)
        if "devices" in answer:
            section.fact(
                f"database {host}:{port}",
                "answers",
                f"{answer['devices']} devices, {answer['running']} of them running",
            )
        else:
            problems.append(answer.get("obstacle") or f"{host}:{port} is there, and does not answer as a database")
    for problem in problems:
        help = f"start the database, look at its log, or correct {TANGO_HOST}"
        if len(problems) < len(hosts):
            section.warn(f"a Tango database does not answer: {problem}", f"{help}; another one answers")
        else:
            section.error(f"the Tango database does not answer: {problem}", help)


def _ask(host: str, port: int) -> dict[str, Any]:
    """Return what is known of a database, as far as it says so in time."""
    path = os.pathsep.join(folder for folder in sys.path if folder)
    command = [sys.executable, "-P", "-m", f"{__package__}.ask_tango", host, str(port)]
    try:
        output = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=_START_S, check=False,
        ).stdout  # fmt: skip
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
    answer: dict[str, Any] = {}
    for line in output.splitlines():
        with suppress(ValueError):  # the client library may have written something, too
            answer.update(json.loads(line))
    return answer or {"obstacle": f"{host}:{port} does not answer"}
