"""The asynchronous device core: signals, commands, devices, read plans, statuses.

Knows connectors by their protocol only, and bluesky for type checking only. Logic (how to move, how to trigger) is
attached from outside: see `roles` and the `logic` package.
"""
