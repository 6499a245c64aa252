"""The doctor's look at the landmarks of published photographs: are they there, whole, and in their photographs."""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.data.faults import Fault
from ipose.data.photo_files import MISSING
from ipose.data.photo_layouts import PhotoLayout, Splits
from ipose.errors import IposeError

STRAY = 0.01
"""Share of the edge that a landmark may lie beyond it: people point beside the last pixel."""


def check_landmarks(root: Path, layout: PhotoLayout, splits: Splits, size: int) -> tuple[str, list[Fault]]:
    """What there is of landmarks, in a sentence ("" for nothing), and what is wrong with them.

    Args:
        root: of the set.
        layout: its layout.
        splits: its photographs; those that are no files are passed over.
        size: side in pixels of the images that landmarks are asked for.
    """
    if layout.landmarks is None:
        return "", []
    if not layout.has_landmarks(root):
        return f"No landmarks: {layout.landmark_file} is missing, so that only the foreground can be judged.", []
    faults, found = dict[str, Fault](), list[Tensor]()
    for split in (layout.fitted_on, "test"):
        readable = [path for path in splits.get(split, ()) if path.is_file()]
        try:
            if readable:
                found.append(layout.landmarks(root, readable, size))
        except IposeError as error:
            fault = Fault.of(error, root)
            faults.setdefault(fault.file, fault)  # both splits read one list
    if faults or not found:
        return "", list(faults.values())
    points = torch.cat(found)
    visible = (points != MISSING).all(-1)
    share = float(visible.float().mean())
    said = f"landmarks: {points.shape[1]} in {len(points)} photographs, {share:.0%} of them visible"
    return said, _stray(str(root / layout.landmark_file), points / size, visible) if layout.inside else []


def _stray(file: str, points: Float[Tensor, "n l 2"], visible: Tensor) -> list[Fault]:
    """Landmarks beside their photograph, as where x and y are swapped, or another size is meant; and none at all."""
    again = "Get the list again, or the photographs at their original size."
    if not visible.any():
        return [Fault(file, "not one landmark is visible", mend="Get the list again.")]
    beyond = visible & ((points < -STRAY) | (points > 1 + STRAY)).any(-1)
    found = f"{int(beyond.sum())} of {int(visible.sum())}"
    return [Fault(file, "visible landmarks beside their photograph", found, "none", again)] if beyond.any() else []
