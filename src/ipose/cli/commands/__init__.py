"""The commands, a dataclass each: its fields are the flags, its `run` does the work."""
