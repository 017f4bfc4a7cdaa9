"""Names of the attributes of the server on Tango: device by device, where there are many spread over ten devices."""

DEVICES = 10
#: So many are on one device, as a detector or a motor is.
FEW = 16


def places(size: int) -> list[tuple[int, int]]:
    """Return number of the device and of its attribute for each of `size` attributes."""
    devices = 1 if size <= FEW else DEVICES
    each = -(-size // devices)
    return [divmod(number, each) for number in range(size)]


def names_of(prefix: str, size: int) -> list[str]:
    """Return the names of `size` attributes, without the scheme.

    :param prefix: host, port, domain and family.
    """
    return [f"{prefix}{device}/n{number}#dbase=no" for device, number in places(size)]
