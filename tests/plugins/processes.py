"""What the kernel knows of this process and its children, read from /proc. Nothing here decides what a leak is."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Socket:
    """A socket as the kernel lists it; ports are 0 where there is none."""

    kind: str
    local_port: int = 0
    remote_port: int = 0

    def __str__(self) -> str:
        ends = [f"port {self.local_port}"] if self.local_port else []
        ends += [f"to port {self.remote_port}"] if self.remote_port else []
        return " ".join([self.kind, *ends])


def descriptors() -> Iterator[tuple[int, str]]:
    """Give every open file descriptor of this process with what it leads to."""
    for number in numbers_in("/proc/self/fd"):
        try:
            yield number, os.readlink(f"/proc/self/fd/{number}")
        except OSError:  # the one with which the folder was read
            continue


def sockets() -> dict[str, Socket]:
    """Return the sockets of this network namespace by what a file descriptor calls them, `socket:[INODE]`."""
    found: dict[str, Socket] = {}
    for kind in ("tcp", "udp", "tcp6", "udp6"):
        for row in read(f"/proc/net/{kind}").splitlines()[1:]:
            fields = row.split()
            local, remote = (int(address.rpartition(":")[2], 16) for address in fields[1:3])
            found[f"socket:[{fields[9]}]"] = Socket(kind, local, remote)
    for row in read("/proc/net/unix").splitlines()[1:]:
        fields = row.split()
        found[f"socket:[{fields[6]}]"] = Socket(f"unix {' '.join(fields[7:])}".strip())
    return found


def connections_to(port: int) -> int:
    """Count the sockets of this process that are connected to a port."""
    known = sockets()
    ends = [known.get(target) for _, target in descriptors()]
    return sum(end is not None and end.remote_port == port for end in ends)


def threads() -> dict[int, str]:
    """Return the names of the threads of this process, Python's and others', by their native identifier."""
    return {number: read(f"/proc/self/task/{number}/comm") for number in numbers_in("/proc/self/task")}


def children() -> frozenset[int]:
    """Return the processes that this one has started and not waited for."""
    tasks = numbers_in("/proc/self/task")
    return frozenset(int(child) for task in tasks for child in read(f"/proc/self/task/{task}/children").split())


def marked(variable: str) -> list[int]:
    """Return the other processes that have a variable in the environment with which they were started."""
    mark = f"{variable}=".encode()
    return [
        number
        for number in numbers_in("/proc")
        if number != os.getpid()
        and any(row.startswith(mark) for row in read_bytes(f"/proc/{number}/environ").split(b"\0"))
    ]


def command_of(process: int) -> str:
    """Return the command line of a process, nothing if it has ended."""
    return read_bytes(f"/proc/{process}/cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def numbers_in(folder: str) -> list[int]:
    """Return the entries of a folder of /proc that are numbers."""
    return [int(name) for name in os.listdir(folder) if name.isdecimal()]


def read(path: str) -> str:
    """Return the text of a file of /proc, nothing if its thread or process has ended."""
    return read_bytes(path).decode(errors="replace").strip()


def read_bytes(path: str) -> bytes:
    """Return what stands in a file of /proc, nothing if its thread or process has ended."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
