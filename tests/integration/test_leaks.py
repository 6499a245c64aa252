"""A process that makes images or judges them again and again keeps its memory and its open files.

`IPOSE_CALLS` is the number of calls (12). The first calls may fill caches.
"""

import gc
import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.evaluation.evaluate_images import ImageEvaluation, evaluate_images
from ipose.ganseg.generator import GANSegGenerator
from ipose.systems.ganseg.generating import make
from ipose.systems.ganseg.record import SYSTEM
from ipose.systems.generating import Request

CALLS = int(os.environ.get("IPOSE_CALLS", "12"))
WARM_UP = 4
MOST_BYTES = 24 << 20
"""What the memory may grow by in all calls: pieces that the allocator keeps."""


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def grows(work: Callable[[], object]) -> tuple[int, int]:
    """Bytes of memory and open files that the calls after the first ones add."""
    for number in range(WARM_UP + CALLS):
        if number == WARM_UP:
            gc.collect()
            before = resident_bytes(), open_files()
        work()
    gc.collect()
    return resident_bytes() - before[0], open_files() - before[1]


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="only Linux tells of a process's memory so")
class TestLeaks:
    """Memory and open files stay flat."""

    def test_generate(self, tmp_path):
        torch.manual_seed(0)
        generator = GANSegGenerator(TINY_GANSEG).eval()
        request = Request(out=tmp_path, count=2, options=SYSTEM.make_options())
        memory, files = grows(lambda: list(make(generator, request)))
        assert files <= 0
        assert memory < MOST_BYTES

    def test_evaluate(self, tmp_path):
        for folder in ("made", "real"):
            (tmp_path / folder).mkdir()
            for i in range(4):
                pixels = np.random.default_rng(i).integers(0, 255, (64, 64, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / folder / f"{i}.png")
        job = ImageEvaluation(images=tmp_path / "made", real=tmp_path / "real", features="random")
        memory, files = grows(lambda: evaluate_images(job))
        assert files <= 0
        assert memory < MOST_BYTES
