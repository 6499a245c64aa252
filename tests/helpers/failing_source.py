"""A data set whose items end the worker that reads them, or never come; workers import it by its name."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass
class FailingSource:
    """`how`: "killed" (SIGKILL), "exits" (the process ends by itself) or "sleeps"."""

    how: str

    def __len__(self) -> int:
        return 4

    def item(self, index: int, generator: torch.Generator) -> None:
        if self.how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.how == "exits":
            os._exit(3)
        time.sleep(60)

    def collate(self, items: Sequence[None], generator: torch.Generator) -> Sequence[None]:
        return items
