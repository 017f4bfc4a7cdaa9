"""How an address names its protocol, and how a readback name is made from a setpoint name."""

from .keywords import PROTOCOLS


def split_scheme(address: str, protocol: str) -> tuple[str, str]:
    """Return protocol and bare address; a scheme in the address beats `protocol`.

    >>> split_scheme("pva://BL22I-VA:V1", "ca")
    ('pva', 'BL22I-VA:V1')
    """
    scheme, separator, rest = address.partition("://")
    if separator and scheme in PROTOCOLS:
        return scheme, address if scheme == "tango" else rest
    return protocol, address


def source_of(protocol: str, address: str) -> str:
    """Return the address with its scheme, as data keys and messages show it."""
    return address if "://" in address else f"{protocol}://{address}"


def readback_of(address: str) -> str:
    """Return the readback name that belongs to a setpoint name (design 3, rule 3).

    A field stays at the end: `X` gives `X_RBV`, `X.VAL` gives `X_RBV.VAL`.
    """
    record, dot, field = address.rpartition(".")
    if dot and ":" not in field and "/" not in field:
        return f"{record}_RBV.{field}"
    return f"{address}_RBV"
