"""`ipose export`: networks of a model as files that need no ipose: torch.export and ONNX."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional


@dataclass(frozen=True)
class Export:
    """Export a model as programs: torch.export files (.pt2) and ONNX, which run without ipose. Batch, height and width
    are free. export.json says what the inputs are."""

    model: Positional[Path]
    """A run, or a model folder, of iPOSE (generator, PartNet, and the whole way from label map to image) or of
    PartNet."""
    out: Positional[Path]
    """Folder to write; it must be new or empty."""
    forms: tuple[Literal["onnx", "pt2"], ...] = ("onnx", "pt2")
    """Files to write. onnx needs the extra `export`. pt2 is read by torch alone."""
    only: tuple[str, ...] = ()
    """Programs to write: generator, partnet, scene_to_image. No name = all."""

    def run(self) -> None:
        """Export and print the files."""
        from ipose.systems.exporting import export_model

        print(*export_model(self.model, self.out, self.forms, self.only), sep="\n")
