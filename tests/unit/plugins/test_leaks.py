"""The leak checker goes red for each kind of leak, and stays green when a test cleans up."""

from pathlib import Path

import pytest

from tests.plugins import processes
from tests.plugins.leaks import Holdings

ROOT = Path(__file__).parents[3]
SETTINGS = """[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
leak_patience_s = 0.3
"""

LEAKS = """
import asyncio, os, socket, subprocess, sys, threading, time
kept = []

def test_nothing():
    pass

def test_cleaned_up(tmp_path):
    with open(tmp_path / "file", "w"), socket.socket(), socket.socketpair()[0]:
        thread = threading.Thread(target=time.sleep, args=(0.01,))
        thread.start()
        subprocess.run(["/bin/true"], check=True)

async def test_task_that_ends():
    await asyncio.create_task(asyncio.sleep(0.01))

def test_thread_about_to_end():
    threading.Thread(target=time.sleep, args=(0.1,)).start()

def test_leaves_a_file(tmp_path):
    kept.append(open(tmp_path / "kept", "w"))

def test_leaves_a_socket():
    kept.append(socket.create_server(("127.0.0.1", 0)))

def test_leaves_a_thread():
    threading.Thread(target=time.sleep, args=(60,), daemon=True, name="kept thread").start()

def test_leaves_a_process():
    kept.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))

def test_leaves_a_process_unwaited():
    kept.append(subprocess.Popen(["/bin/true"]))

async def test_leaves_a_task():
    kept.append(asyncio.create_task(asyncio.sleep(60), name="kept task"))

def test_leaves_a_task_to_asyncio_run():
    async def main():
        kept.append(asyncio.create_task(asyncio.sleep(60), name="task of run"))
    asyncio.run(main())

def test_leaves_a_loop_with_a_task():
    loop = asyncio.new_event_loop()
    kept.append(loop)
    kept.append(loop.create_task(asyncio.sleep(60), name="task of a loop"))
    loop.run_until_complete(asyncio.sleep(0))

def test_after_all_of_them():
    pass
"""


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, text: str) -> pytest.RunResult:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_it=text)
    pytester.makeini(SETTINGS)

    return pytester.runpytest_subprocess("-p", "pytest_asyncio.plugin", "-p", "tests.plugins.leaks", "-v", timeout=60)


def test_each_kind_of_leak_fails_its_test_and_no_other(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(pytester, monkeypatch, LEAKS)
    result.assert_outcomes(passed=13, errors=8)
    output = result.stdout.str()
    found = {line.split("::")[1].split()[0] for line in output.splitlines() if "ERROR" in line and ".py::" in line}
    assert found == {
        "test_leaves_a_file",
        "test_leaves_a_socket",
        "test_leaves_a_thread",
        "test_leaves_a_process",
        "test_leaves_a_process_unwaited",
        "test_leaves_a_task",
        "test_leaves_a_task_to_asyncio_run",
        "test_leaves_a_loop_with_a_task",
    }
    result.stdout.fnmatch_lines(
        [
            "*file: */kept*",
            "*socket: tcp port *",
            "*thread: <Thread(kept thread, started daemon *",
            "*process: *input()*",
            "*nobody waited for it*",
            "*cancelled by its runner: *kept task*",
            "*cancelled by its runner: *task of run*",
            "*task: *task of a loop*",
        ]
    )


def test_a_process_that_detached_itself_fails_the_run_and_is_ended(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
        import os, subprocess, sys
        DAEMON = "import os, time\\nif os.fork() == 0:\\n os.close(1); os.close(2); os.setsid(); time.sleep(60)"
        def test_daemon():
            subprocess.run([sys.executable, "-c", DAEMON], check=True)
        """,
    )
    result.stdout.fnmatch_lines(["ERROR: a process of these tests goes on: * -c *", "*1 passed*"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_look_reads_two_files_for_each_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test looks twice, so that a look must not go through the processes and sockets of the machine."""
    files: list[str] = []
    read_bytes = processes.read_bytes

    def counted(path: str) -> bytes:
        files.append(path)
        return read_bytes(path)

    monkeypatch.setattr(processes, "read_bytes", counted)
    assert Holdings.now().left_behind(0) == []
    looks = 2
    assert 0 < len(files) <= looks * 2 * (len(processes.threads()) + 5)
