"""`connect` on Tango, in a process of its own: databases, and one clear error for whatever is wrong."""

import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.servers.fixtures import TangoFactory
from tests.servers.ioc import Ioc
from tests.servers.tango_database import TangoDatabase
from tests.servers.tango_server import TangoServer

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 2.0
#: What the report may take beyond the time-out, to import the client library, on a machine that is busy. The client
#: library would take nine seconds to find out that nothing answers.
BESIDE_S = 4.0


@pytest.fixture(scope="module")
def server(module_tango_database: TangoDatabase, module_tango_factory: TangoFactory) -> TangoServer:
    devices = {"lab/a/1": "Lab", "lab/a/2": "Lab"}
    return module_tango_factory(devices, database=module_tango_database, aliases={"ring": "lab/a/2"})


@pytest.fixture(scope="module")
def lone(tango_client: None, module_tango_factory: TangoFactory) -> TangoServer:
    """Return a server without a database."""
    return module_tango_factory({"lab/n/1": "Lab"})


def call(*arguments: str, host: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command with this TANGO_HOST."""
    variables = {name: value for name, value in os.environ.items() if name != "TANGO_HOST"}
    if host is not None:
        variables["TANGO_HOST"] = host
    return subprocess.run(
        [sys.executable, "-m", "ophyd_decl.cli", *arguments], cwd="/", env={**variables, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def shown(file: Path) -> str:
    """Return how a file is called by a command that runs in the root folder."""
    return str(file).removeprefix("/")


def write(folder: Path, devices: dict[str, str], *, attr: str = "number", environment: str = "{}") -> Path:
    """Write a beamline with one attribute of each device, whose `trl` is given by name."""
    lines = ["api: ophyd_decl/v1", "kind: beamline", "name: b", f"environment: {environment}", "devices:"]
    for name, trl in devices.items():
        lines += [f"  {name}:", "    type: tango.device", f'    trl: "{trl}"', "    signals:"]
        lines += [f"      value: {{attr: {attr}, dtype: float, access: r}}"]
    file = folder / "b.yaml"
    file.write_text("\n".join([*lines, ""]))
    return file


def report(
    file: Path, host: str | None = None, code: int = 3, timeout_s: float = TIMEOUT_S
) -> dict[str, dict[str, Any]]:
    """Return what `connect` says of each device, in time, and nothing on standard error."""
    done = call("connect", str(file), "--timeout", str(timeout_s), "--format", "json", host=host)
    assert (done.returncode, done.stderr) == (code, ""), done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["elapsed_s"] < timeout_s + BESIDE_S
    return {device["name"]: device for device in answer["devices"]}


def cause(device: dict[str, Any]) -> str:
    """Return the one thing that is wrong with a device."""
    assert device["state"] == "absent"
    (problem,) = device["problems"]
    assert problem["code"] == "E610"
    return problem["cause"]


# Databases.


@pytest.mark.parametrize("given", ["shell", "file"])
def test_every_form_of_a_name_side_by_side(
    given: str, server: TangoServer, lone: TangoServer, module_tango_database: TangoDatabase, tmp_path: Path
) -> None:
    host = module_tango_database.host
    devices = {
        "by_name": "lab/a/1",
        "by_alias": "ring",
        "in_full": f"tango://{host}/lab/a/2",
        "without": lone.trl(),
    }
    server.set("number", 2.5, device="lab/a/1")
    server.set("number", 3.5, device="lab/a/2")
    environment = "{}" if given == "shell" else f'{{TANGO_HOST: "{host}"}}'
    file = write(tmp_path, devices, environment=environment)
    found = report(file, host if given == "shell" else None, code=0)
    assert {name: device["state"] for name, device in found.items()} == dict.fromkeys(devices, "connected")
    paths = [f"{name}.value" for name in devices]
    done = call("read", str(file), *paths, "--format", "json", host=host)
    assert (done.returncode, done.stderr) == (0, "")
    assert [one["value"] for one in json.loads(done.stdout)["readings"]] == [2.5, 3.5, 3.5, 1.5]


HOSTS = [
    ("", "TANGO_HOST is not set, and `{}` does not say where its database is"),
    ("nonsense", "TANGO_HOST=nonsense names no database: `nonsense` is not `host:port`"),
    ("127.0.0.1:port", "TANGO_HOST=127.0.0.1:port names no database: `127.0.0.1:port` is not `host:port`"),
    ("127.0.0.1:1", "no Tango database answers: no server listens at 127.0.0.1:1"),
]


@pytest.mark.parametrize(("host", "said"), HOSTS)
def test_a_variable_that_leads_nowhere(host: str, said: str, lone: TangoServer, tmp_path: Path) -> None:
    found = report(
        write(tmp_path, {"by_name": "a/b/c", "by_alias": "ring", "without": lone.trl()}), host, timeout_s=1.0
    )
    assert [cause(found["by_name"]), cause(found["by_alias"])] == [said.format("a/b/c"), said.format("ring")]
    assert found["without"]["state"] == "connected"
    (problem,) = found["by_name"]["problems"]
    assert "TANGO_HOST" in problem["help"]


LATER = """
import sys, time
from ophyd_decl import load_beamline

def states(): return [device.state for device in beamline.report.devices]

beamline = load_beamline(sys.argv[1])
try:
    report = beamline.connect(timeout=1)
    print(not report.ok, states(), report.devices[0].problems[0].cause, flush=True)
    sys.stdin.readline()  # the database has come
    deadline = time.monotonic() + 20
    while states() != ["connected", "connected"] and time.monotonic() < deadline:
        time.sleep(0.05)
    print(states(), beamline["by_alias.value"].get(), flush=True)
    print(beamline.connect(timeout=5).ok, flush=True)
finally:
    beamline.close()
"""


def test_a_database_that_comes_after_the_beamline(
    tango_database: TangoDatabase, tango_factory: TangoFactory, tmp_path: Path
) -> None:
    tango_factory({"lab/a/1": "Lab"}, database=tango_database, aliases={"ring": "lab/a/1"})
    tango_database.kill()
    file = write(tmp_path, {"by_name": "lab/a/1", "by_alias": "ring"})
    variables = {**os.environ, "TANGO_HOST": tango_database.host, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", LATER, str(file)], env=variables, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first == (
        f"True ['absent', 'absent'] no Tango database answers: no server listens at {tango_database.host}\n"
    )
    tango_database.start()
    output, errors = process.communicate("\n", timeout=60)
    assert (output.splitlines(), errors) == (["['connected', 'connected'] 1.5", "True"], "")


# Errors.


@contextmanager
def silent_listener() -> Iterator[int]:
    """Take connections on a port and answer nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield listening.getsockname()[1]


@contextmanager
def web_server() -> Iterator[int]:
    """Answer HTTP on a port."""

    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        try:
            yield served.server_port
        finally:
            served.shutdown()
            thread.join()


def test_each_thing_that_is_wrong_is_one_clear_error_in_time(
    server: TangoServer, lone: TangoServer, module_tango_database: TangoDatabase, ioc: Ioc, tmp_path: Path
) -> None:
    none = "#dbase=no"
    database, own = module_tango_database.host, f"127.0.0.1:{lone.ports.ca}"
    with silent_listener() as silent, web_server() as web:
        places = {"ca": ioc.ports.ca, "pva": ioc.ports.pva, "web": web, "silent": silent, "closed": 1}
        at = {name: f"127.0.0.1:{port}" for name, port in places.items()}
        expected = {name: (f"tango://{at[name]}/a/b/c{none}", f"what listens at {at[name]} is no Tango server")
                    for name in ("ca", "pva", "web")}  # fmt: skip
        expected |= {f"{name}_database": (trl.removesuffix(none), f"no Tango database answers: {said}")
                     for name, (trl, said) in expected.items()}  # fmt: skip
        expected |= {
            "closed": (f"tango://{at['closed']}/a/b/c{none}", "no server listens at 127.0.0.1:1"),
            "silent": (f"tango://{at['silent']}/a/b/c{none}", f"{at['silent']} did not answer within 2.0 s"),
            "silent_database": (
                f"tango://{at['silent']}/a/b/c",
                f"the Tango database at {at['silent']} did not answer within 2.0 s",
            ),
            "no_device": (lone.trl("lab/n/2"), f"the server at {own} has no device `lab/n/2`"),
            "no_database": (f"tango://{own}/lab/n/1", f"no Tango database answers: the server at {own} is none"),
            "unknown": (f"tango://{database}/lab/a/7", f"the database at {database} has no device `lab/a/7`"),
        }
        devices = {name: trl for name, (trl, _) in expected.items()}
        file = write(tmp_path, {**devices, "good": lone.trl(), "known": server.trl()})
        found = report(file)
        text = call("connect", str(file), "--timeout", str(TIMEOUT_S))
    good = {name: found.pop(name)["state"] for name in ("good", "known")}
    assert good == {"good": "connected", "known": "connected"}
    assert {name: cause(device) for name, device in found.items()} == {
        name: said for name, (_, said) in expected.items()
    }
    lines = file.read_text().splitlines()
    for name, device in found.items():
        (problem,) = device["problems"]
        line = lines.index(f"  {name}:") + 5
        assert (problem["file"], problem["line"], problem["column"]) == (shown(file), line, 7)
        assert problem["help"]
        assert f"  error[E610]: {problem['cause']}\n    {name}.value" in text.stdout
        assert f"{shown(file)}:{line}:7\n" in text.stdout
    assert text.stderr == ""
    for word in ("CORBA", "TRANSIENT", "API_", "DevFailed", "Traceback", "omni"):
        assert word not in text.stdout


def test_what_the_client_library_says_is_shown_with_debug_only(lone: TangoServer, tmp_path: Path) -> None:
    file = write(tmp_path, {"lab": lone.trl()}, attr="disabled")
    file.write_text(file.read_text().replace("access: r}", "access: rw}"))
    plain, debug = (call("set", str(file), "lab.value=2", *more) for more in ([], ["--debug"]))
    assert (plain.returncode, debug.returncode, plain.stdout, debug.stdout) == (3, 3, "", "")
    (said,) = plain.stderr.splitlines()
    assert re.match(r"error: lab\.value \(.*the device refused the put: disabled by the lab", said)
    for word in ("Traceback", "DevFailed", "DevError", "API_AttributeFailed"):
        assert word not in said
        assert word in debug.stderr
    assert debug.stderr.splitlines()[-1] == said


@pytest.mark.parametrize("command", ["read FILE lab", "watch FILE lab", "connect FILE", "settings save FILE OUT lab"])
def test_the_stack_of_what_a_command_tells_is_shown_with_debug_only(
    lone: TangoServer, tmp_path: Path, command: str
) -> None:
    file = write(tmp_path, {"lab": lone.trl()}, attr="missing" if command.startswith("connect") else "raising")
    if command.startswith("settings"):
        file.write_text(file.read_text().replace("access: r}", "access: rw}"))
    words = command.replace("FILE", str(file)).replace("OUT", str(tmp_path / "out.yaml")).split()
    plain, debug = (call(*words, *more) for more in ([], ["--debug"]))
    assert (plain.returncode, debug.returncode) == (3, 3)
    assert "Traceback" not in plain.stdout + plain.stderr
    assert "Traceback (most recent call last)" in debug.stderr
    assert "Traceback" not in debug.stdout
    if not command.startswith("connect"):
        assert "DevFailed" in debug.stderr
        assert debug.stderr.splitlines()[-1] == plain.stderr.splitlines()[-1]


def test_doctor_tells_a_device_that_hangs_from_one_that_is_well(
    tango_client: None, tango_factory: TangoFactory, tmp_path: Path
) -> None:
    hanging = tango_factory({"lab/h/1": "Lab"})
    file = write(tmp_path, {"lab": hanging.trl()}, attr="slow")
    assert call("doctor", str(file)).stdout.splitlines()[-1] == "all is well"
    hanging.play("slow", 600.0)
    text, structured = (call("doctor", str(file), *more) for more in ([], ["--format", "json"]))
    assert (text.returncode, structured.returncode) == (3, 3)
    *_, server, summary = text.stdout.splitlines()
    assert server.endswith(f"  1 address  {hanging.address('slow')} does not answer a read")
    assert summary == "1 server does not answer a read; `ophyd-decl read` says more"
    answer = json.loads(structured.stdout)
    assert answer["ok"] is False
    assert [one["answered"] for one in answer["servers"]] == [True]
    assert answer["servers"][0]["hangs"] == hanging.address("slow")


def test_a_limit_is_told_in_the_words_of_tango(lone: TangoServer, tmp_path: Path) -> None:
    file = write(tmp_path, {"lab": lone.trl()}, attr="number")
    file.write_text(file.read_text().replace("access: r}", "access: rw}"))
    done = call("set", str(file), "lab.value=1e6")
    assert done.returncode == 3
    assert done.stderr.endswith("nothing was sent; see its limits (min_value and max_value of the attribute)\n")


MEMBERS = """api: ophyd_decl/v1
kind: beamline
name: b
devices:
  lab:
    type: tango.device
    trl: "{}"
    signals:
      right: {{attr: number, dtype: float}}
      wrong: {{attr: numbr, dtype: float}}
    commands:
      start: {{cmd: Nothing}}
      reset: {{cmd: Nothin}}
      other: {{cmd: number}}
"""


def test_unknown_attributes_and_commands(lone: TangoServer, tmp_path: Path) -> None:
    file = tmp_path / "b.yaml"
    file.write_text(MEMBERS.format(lone.trl()))
    done = call("connect", str(file), "--timeout", "30", "--format", "json")
    assert (done.returncode, done.stderr) == (3, ""), done.stderr
    answer = json.loads(done.stdout)
    assert answer["elapsed_s"] < 30 - BESIDE_S  # the device says so itself, before the time is over
    (device,) = answer["devices"]
    assert (device["state"], device["connected"]) == ("degraded", 2)
    assert [(one["signal"], one["cause"], one["line"], one["column"], one["help"]) for one in device["problems"]] == [
        ("lab.wrong", "the device has no attribute `numbr`", 10, 7, "did you mean `number`?"),
        ("lab.reset", "the device has no command `Nothin`", 13, 7, "did you mean `Nothing`?"),
        ("lab.other", "the device has no command `number`", 14, 7, "it has that as the other: declare it with `attr:`"),
    ]


MALFORMED = {
    "tango://127.0.0.1/a/b/c": "after `tango://` stand host and port, not `127.0.0.1`",
    "tango://127.0.0.1:1/a/b": "a device has a name of three parts",
    "a/b/c#dbase=no": "without a database the device needs its host and port",
    "ca://a/b/c": "a TRL begins with `tango://`",
}


@pytest.mark.parametrize(("trl", "words"), MALFORMED.items())
def test_a_malformed_name_is_an_error_of_the_file(trl: str, words: str, tmp_path: Path) -> None:
    file = write(tmp_path, {"bad": trl})
    done = call("connect", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(r"^error\[E124\]: .*" + re.escape(words), done.stderr, re.M), done.stderr
    assert f"--> {shown(file)}:8:10" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_variable_gives_a_malformed_name(tmp_path: Path) -> None:
    file = write(tmp_path, {"bad": "tango://${{ vars }}/a/b/c"})
    file.write_text(file.read_text().replace("devices:", "vars: {host: db}\ndevices:").replace("vars }}", "host }}"))
    done = call("connect", str(file))
    assert done.returncode == 1
    assert f"--> {shown(file)}:9:10" in done.stderr
    assert "not `db`" in done.stderr
