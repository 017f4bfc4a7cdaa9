"""`doctor`: what this machine and process bring, and which servers answer."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import beamline_options, common_options, format_option, timeout_option
from .outcome import CONTROL_SYSTEM, FILES_WRONG, FINE, end
from .running import run

if TYPE_CHECKING:
    from ..tools.doctor import Section, ServerReport


@click.command(
    "doctor",
    epilog="""\b
Examples:
  ophyd-decl doctor
  ophyd-decl doctor beamlines/i99 --timeout 2 --format json
""",
)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@timeout_option
@click.option("--strict", is_flag=True, help="Exit with 1 if there is a warning.")
@format_option
@beamline_options
@common_options
def command(
    path: Path | None,
    timeout: float | None,
    strict: bool,
    output: str,
    profile: str | None,
    overrides: dict[str, str],
) -> None:
    """Look at Python, the client libraries, the variables of EPICS and Tango, and the ports; with PATH, at its servers.

    Nothing is searched or sent without PATH, but to the databases of TANGO_HOST, which are asked what they know. With
    PATH, every device is connected, lazy ones too, where the environment says, and each server is listed with the
    number of its addresses and the time of a read.

    Exit code 1 if something is wrong, 3 if an address of PATH or a read does not answer.
    """
    from ..tools.doctor import check_all, find_servers

    servers: list[ServerReport] | None = None
    beamline: Any = None
    if path is not None:
        from ..session.load import load_beamline

        beamline = load_beamline(path, profile=profile, set=overrides)  # it may set variables
    sections = check_all()
    if beamline is not None:

        async def look() -> "list[ServerReport]":
            try:
                return await find_servers(beamline, timeout)
            finally:
                await beamline.aclose()

        servers = run(look)
    code = _code(sections, servers, strict)
    if output == "json":
        click.echo(json.dumps(_json(sections, servers, code == FINE), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(sections, servers)))
    end(code)


def _code(sections: "list[Section]", servers: "list[ServerReport] | None", strict: bool) -> int:
    found = {finding.severity for section in sections for finding in section.findings}
    if "error" in found or (strict and "warning" in found):
        return FILES_WRONG
    return FINE if all(server.answered and not server.hangs for server in servers or ()) else CONTROL_SYSTEM


def _json(sections: "list[Section]", servers: "list[ServerReport] | None", ok: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {"schema": 1, "ok": ok, "sections": [asdict(section) for section in sections]}
    answer["servers"] = None if servers is None else [asdict(server) for server in servers]
    return answer


def _lines(sections: "list[Section]", servers: "list[ServerReport] | None") -> list[str]:
    lines: list[str] = []
    for section in sections:
        lines.append(section.name)
        width = max((len(fact.name) for fact in section.facts), default=0)
        value_width = max((len(fact.value) for fact in section.facts if len(fact.value) < _WIDE), default=0)
        for fact in section.facts:
            lines.append(f"  {fact.name:{width}}  {fact.value:{value_width}}  {fact.about}".rstrip())
        for finding in section.findings:
            lines.append(f"  {finding.severity}: {finding.cause}")
            if finding.help:
                lines.append(f"    = help: {finding.help}")
    if servers is not None:
        lines.append("servers")
        lines.extend(_server_line(server) for server in servers)
        if not servers:
            lines.append("  no device of this beamline has an address of a control system")
    counts = {
        kind: sum(finding.severity == kind for section in sections for finding in section.findings)
        for kind in ("error", "warning")
    }
    said = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items() if count]
    absent = sum(server.addresses for server in servers or () if not server.answered)
    if absent:
        do_not = "address does" if absent == 1 else "addresses do"
        said.append(f"{absent} {do_not} not answer; `ophyd-decl connect` says more")
    hanging = sum(bool(server.hangs) for server in servers or ())
    if hanging:
        do_not = "server does" if hanging == 1 else "servers do"
        said.append(f"{hanging} {do_not} not answer a read; `ophyd-decl read` says more")
    lines.append(", ".join(said) or "all is well")
    return lines


#: Values longer than this do not widen the column of values.
_WIDE = 40


def _server_line(server: "ServerReport") -> str:
    count = f"{server.addresses} address{'' if server.addresses == 1 else 'es'}"
    if not server.answered:
        return f"  {server.protocol}  no answer  {count}, such as {', '.join(server.examples)}"
    if server.hangs:
        trip = f"  {server.hangs} does not answer a read"
    else:
        trip = "" if server.round_trip_s is None else f"  a read takes {1000 * server.round_trip_s:.2g} ms"
    host = server.host or "one or more servers, which the client library does not name"
    return f"  {server.protocol}  {host}  {count}{trip}"
