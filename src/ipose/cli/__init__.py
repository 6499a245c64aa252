"""The `ipose` command: parse, call, show. No logic of its own, and no torch until a command runs."""
