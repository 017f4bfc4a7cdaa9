"""Settings: the values of the writable signals in a file, compared with the live ones, and put back in phases.

`choice` says which signals; `values` what is a value in YAML; `file` reads, `text` writes, `snapshot` asks the servers,
`comparison` compares, `restoring` puts back. Must not know the command line, plans, or a RunEngine.
"""
