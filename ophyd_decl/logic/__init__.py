"""Shipped logic: how devices move and trigger. Plugins of other packages stand beside these.

A logic gets nodes of the device tree and plain options; it knows no YAML, no connector and no bluesky.
"""
