"""What the client libraries of the control systems keep for the life of the process, and so no test can give back.

Each allowance is as narrow as it can be seen from outside: a thread by the name that it gives itself, a socket only
together with the threads that serve it. A socket of ours beside them is still found.
"""

import os
import sys

from .processes import Socket, command_of, read, sockets

#: Native threads by name, with the reason why they stay.
THREADS = {
    "CAC-UDP": "libca searches until the process ends",
    "CAC-repeater": "libca's own CA repeater, without which it would start a daemon",
    "CAC-TCP-recv": "libca keeps a circuit as long as it has channels, and aioca keeps those",
    "CAC-TCP-send": "the other half of a circuit",
    "ipToAsciiProxy": "libca finds the names of hosts for its messages",
    "taskwd": "EPICS watches its threads",
    "timerQueue": "EPICS timers, shared by all circuits",
    "errlog": "EPICS logs, from the first message on",
    "IfMapDaemon": "pvxs follows the network interfaces",
    "ZMQbg/IO/0": "ZMQ, on which Tango sends events, does its input and output",
    "ZMQbg/Reaper": "ZMQ closes its sockets",
}
#: The sockets of libca that are not circuits: two to search; of its repeater one to listen, one to make sure that a
#: client is on this host.
_SOCKETS_OF_LIBCA = 4
_sockets_of_libca: set[str] = set()
_children_of_libca: set[int] = set()
#: Both ends of the pipe by which omniORB wakes the thread that waits for its connections.
_PIPES_OF_OMNIORB = 2
_pipes_of_omniorb: set[str] = set()


def other_threads(before: dict[int, str], now: dict[int, str]) -> list[str]:
    """Describe the native threads that came and that no library keeps."""
    came = {number: name for number, name in now.items() if number not in before}
    if "tango" in sys.modules:  # omniORB and Tango give their threads no name, so they have that of the process
        unnamed = read("/proc/self/comm")
        came = {number: name for number, name in came.items() if name != unnamed}
    return [f"native thread: {name}" for name in came.values() if name and name not in THREADS]


def other_files(came: set[str]) -> list[str]:
    """Describe the files and pipes that came and that no library keeps."""
    left: list[str] = []
    for target in sorted(came - _pipes_of_omniorb):
        free = "tango" in sys.modules and len(_pipes_of_omniorb) < _PIPES_OF_OMNIORB
        if target.startswith("pipe:") and free:
            _pipes_of_omniorb.add(target)
        else:
            left.append(f"file: {target}")
    return left


def other_sockets(before: set[str], came: set[str], threads: dict[int, str]) -> list[str]:
    """Describe the sockets that came and that no library keeps."""
    known = sockets()
    names = list(threads.values())
    # One that has not searched yet has no thread, and a socket.
    clients = max(names.count("CAC-UDP"), "ophyd_decl.connectors.ca" in sys.modules)
    _sockets_of_libca.intersection_update(before | came)
    # As many circuits as there are threads that receive from one.
    circuits = names.count("CAC-TCP-recv") - sum(_is_circuit(known.get(target)) for target in before)
    left: list[str] = []
    for target in sorted(came - _sockets_of_libca):
        socket = known.get(target)
        if _is_circuit(socket) and circuits > 0:
            circuits -= 1
        elif _is_circuit(socket) and "tango" in sys.modules:
            pass  # omniORB keeps a connection to a server for minutes; those of the tests are on the same ports
        elif socket is None or socket.kind != "udp":
            left.append(f"socket: {socket or 'of no address'}")
        elif socket.remote_port and "CAC-repeater" in names:
            pass  # the repeater connects a socket to each client that registers, those of other processes too
        elif len(_sockets_of_libca) < _SOCKETS_OF_LIBCA * clients:
            _sockets_of_libca.add(target)
        else:
            left.append(f"socket: {socket}")
    return left


def other_processes(came: frozenset[int], threads: dict[int, str]) -> list[str]:
    """Describe the child processes that came and that no library leaves."""
    left: list[str] = []
    for process in sorted(came - _children_of_libca):
        command = command_of(process)
        if not command and len(_children_of_libca) < list(threads.values()).count("CAC-UDP"):
            # libca forks to start a `caRepeater`, does not find one on PATH, and never asks what became of it.
            _children_of_libca.add(process)
        else:
            left.append(f"process: {process} {command or 'has ended, and nobody waited for it'}")
    return left


def _is_circuit(socket: Socket | None) -> bool:
    addresses = os.environ.get("EPICS_CA_ADDR_LIST", "").split()
    ports = {int(address.rpartition(":")[2]) for address in addresses if ":" in address}
    return socket is not None and socket.kind == "tcp" and socket.remote_port in ports
