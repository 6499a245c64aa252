"""As many scenes as COCO-Stuff has: the index, the doctor and the order of an epoch need little memory for each.

`IPOSE_ENTRIES` is the number of scenes (400; COCO-Stuff has 118,000). They are links to the files of four scenes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ENTRIES = int(os.environ.get("IPOSE_ENTRIES", "400"))
FIXED_MB = 60
"""What may be there once: buffers of Pillow, threads, allocators."""

MEASURE = """
import json, os, resource, sys, time
from pathlib import Path
import torch
from ipose.data.doctor import examine_scenes
from ipose.data.scene_folder import SceneFolder
from ipose.data.specs import load_spec
from ipose.training.batches import epoch_order

root, spec = sys.argv[1], load_spec("coco-stuff")
kept = []

def measured(work):
    before, began, seconds = resident(), time.process_time(), time.monotonic()
    kept.append(work())
    return {"mb": resident() - before, "cpu": time.process_time() - began, "seconds": time.monotonic() - seconds}

def resident():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

first = measured(lambda: SceneFolder(root, "train", spec))
again = measured(lambda: SceneFolder(root, "train", spec))
order = measured(lambda: epoch_order(len(kept[0]), 16, 0, 0))
doctor = measured(lambda: examine_scenes(root, spec))
facts = {"scenes": len(kept[0]), "objects": sum(map(len, kept[0].objects)), "order": len(set(kept[2]))}
facts |= {"faults": len(kept[3].faults), "seen": kept[3].scenes["train"]}
print(json.dumps({"index": first, "index from the cache": again, "order": order, "doctor": doctor, "facts": facts}))
"""


def linked_folder(root: Path, count: int) -> Path:
    """A scene folder of `count` scenes of 32x32 with two objects each; a file has at most 30,000 names."""
    dice = np.random.default_rng(0)
    for kind in ("img", "label", "inst"):
        (root / f"train_{kind}").mkdir(parents=True)
    for number in range(count):
        for kind in ("img", "label", "inst"):
            place = root / f"train_{kind}" / f"{number:012d}.png"
            if number < 4 or number % 30_000 == 0:
                pixels = np.full((32, 32), {"label": 123, "inst": 0}.get(kind, 0), dtype=np.uint8)
                pixels[4:20, 2:12] = {"label": 2, "inst": 1}.get(kind, 0)
                pixels[8:28, 16:30] = {"label": number % 4, "inst": 2}.get(kind, 0)
                Image.fromarray(pixels if kind != "img" else dice.integers(0, 255, (32, 32, 3), np.uint8)).save(place)
            else:
                os.link(root / f"train_{kind}" / f"{max(number % 4, number // 30_000 * 30_000):012d}.png", place)
    return root


def measure(root: Path, count: int) -> dict:
    """Memory in MB and seconds of the processor of each step, in a process of its own."""
    folder = linked_folder(root / str(count), count)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "IPOSE_CACHE": str(root / f"cache-{count}")}
    command = [sys.executable, "-c", MEASURE, str(folder)]
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=7200).stdout
    found: dict = json.loads(said)
    print(count, json.dumps(found))
    return found


@pytest.mark.slow
class TestManyScenes:
    """Twice the scenes take twice the time, and a few kB of memory each."""

    def test_memory_and_time_grow_with_their_number_alone(self, tmp_path):
        half, whole = measure(tmp_path, ENTRIES // 2), measure(tmp_path, ENTRIES)
        facts = whole.pop("facts")
        assert facts["scenes"] == facts["seen"] == ENTRIES
        assert facts["objects"] > ENTRIES
        assert facts["order"] == ENTRIES // 16 * 16
        assert facts["faults"] == 0
        for step, found in whole.items():
            assert found["mb"] < FIXED_MB + 0.006 * ENTRIES, step
            assert found["cpu"] < 3 * half[step]["cpu"] + 1, step
