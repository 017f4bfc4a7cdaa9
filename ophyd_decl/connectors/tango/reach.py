"""Whether a server is there at all, before Tango is asked: in a time of ours, and with an answer that says why not.

A proxy of a device without a database takes three seconds to find out that nothing answers, whatever time-out is
wanted, and then says no more than that. So its server is asked first whether it has the object: one message of GIOP,
which every server of CORBA answers by itself, however busy its devices are.
Source: CORBA 3.3 part 2, section 9.4.5, "LocateRequest Message"; a server of Tango without a database has its devices
under their names in small letters.
"""

import socket
import struct

_MAGIC = b"GIOP"
_HEADER_SIZE = 12
_REQUEST, _REPLY = 3, 4
_UNKNOWN_OBJECT = 0


def obstacle(host: str, port: int, device: str, timeout_s: float) -> str:
    """Return why no device of this name can be used at this place now; empty if nothing is in the way.

    :param timeout_s: how long to wait for the connection, and then for the answer.
    """
    place = f"{host}:{port}"
    key = device.lower().encode()
    body = struct.pack("<II", 1, len(key)) + key
    request = _MAGIC + bytes((1, 0, 1, _REQUEST)) + struct.pack("<I", len(body)) + body
    try:
        with socket.create_connection((host, port), timeout_s) as connection:
            connection.sendall(request)
            answer = _receive(connection)
    except TimeoutError:
        return f"{place} does not answer"
    except ConnectionRefusedError:
        return f"no server listens at {place}"
    except OSError as error:
        return f"{place} cannot be reached: {error.strerror or error}"
    if not answer:
        return f"{place} has closed the connection at the first word: is it a Tango server?"
    if answer[:4] != _MAGIC:
        return f"what listens at {place} is no Tango server"
    status = struct.unpack("<I" if answer[6] & 1 else ">I", answer[16:20])[0] if len(answer) >= 20 else None
    if answer[7] == _REPLY and status == _UNKNOWN_OBJECT:
        return f"the server at {place} has no device `{device}`"
    return ""


def _receive(connection: socket.socket) -> bytes:
    """Return a whole reply, or what came before it was clear that it is none."""
    answer = b""
    while len(answer) < _HEADER_SIZE + 8:
        chunk = connection.recv(4096)
        if not chunk:
            break
        answer += chunk
        if answer[:4] != _MAGIC[: len(answer)]:
            break
    return answer
