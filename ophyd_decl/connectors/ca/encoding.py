"""Raw values as the bytes that libca sends."""

import struct
from typing import Any

import numpy as np

from .decoding import CODES, NUMPY, STRING, TEXT_SIZE


def encode(kind: int, raw: Any, array: bool, characters: bool) -> tuple[int, bytes]:
    """Return the number of elements and their bytes.

    :param kind: DBR type of the server.
    :param array: whether the value is an array.
    :param characters: whether text goes as an array of characters.
    """
    if characters:
        data = raw.encode() + b"\0"
        return len(data), data
    if kind == STRING:
        texts: list[str] = raw if array else [raw]
        return len(texts), b"".join(item.encode().ljust(TEXT_SIZE, b"\0") for item in texts)
    if array:
        values = np.ascontiguousarray(raw, NUMPY[kind])
        return values.size, values.tobytes()
    return 1, struct.pack("=" + CODES[kind], raw)
