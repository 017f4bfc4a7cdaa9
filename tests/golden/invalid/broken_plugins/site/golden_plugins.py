"""A module without the plugin that its distribution promises."""
