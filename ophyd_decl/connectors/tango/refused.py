"""What stands for an address that no device can have."""

from ..link import Link


class RefusedLink(Link):
    """A link that is never opened."""

    def start(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""

    def subscribe(self) -> None:
        """Do nothing."""

    def unsubscribe(self) -> None:
        """Do nothing."""
