"""The systems, a folder each; their registry; and what all of them do alike."""
