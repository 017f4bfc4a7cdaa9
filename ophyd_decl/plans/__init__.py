"""Plan stubs: what is wanted in the body of a bluesky plan."""

from .connecting import ensure_connected

__all__ = ["ensure_connected"]
