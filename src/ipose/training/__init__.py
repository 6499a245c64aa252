"""The one loop that trains every system, and what surrounds it: runs, checkpoints, resume.

`train` asks a system for the phases of a batch and takes one optimizer step for each. A `Run` is the folder that
remembers what was trained, on what and how; its checkpoints let `train(..., resume=True)` end with the very weights of
an undisturbed run. Nothing is imported until it is asked for, so that reading a run needs no torch.
"""
