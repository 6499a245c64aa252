"""The one training loop, with runs, checkpoints and resume.

`train` asks an objective for the phases of a batch and takes one optimizer step for each phase. A `Run` is the folder
of a training: it records the configs, the data and the results. `train(..., resume=True)` goes on from a checkpoint and
ends with the same weights as a run that was never stopped. Reading a run does not import torch.
"""
