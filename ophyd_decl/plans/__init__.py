"""Plan stubs: what is wanted in the body of a bluesky plan."""

from .connecting import ensure_connected
from .settings import restore_settings, save_settings

__all__ = ["ensure_connected", "restore_settings", "save_settings"]
