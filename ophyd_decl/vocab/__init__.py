"""The words that every layer shares: dtypes, formats, access, addresses, names, readings.

Standard library only; nothing here does I/O or knows a control system.
"""
