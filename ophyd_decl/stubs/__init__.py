"""Type stubs of a beamline, for editors and type checkers, from its blueprint alone. Makes no device.

What is written here is what `devices` makes from the same blueprint; decision 0023.
"""
