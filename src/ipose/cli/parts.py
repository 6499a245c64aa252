"""`ipose parts`, `ipose segment`: parts of silhouettes and label maps by PartNet, and of photographs by a segmenter."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tyro.conf import FlagCreatePairsOff, Positional

from ipose.cli.printing import beside_older, print_files


@dataclass(frozen=True)
class Parts:
    """Infer parts with PartNet: of drawn silhouettes, or of every object in label maps."""

    inputs: Positional[Path]
    """A PNG, or a folder of them (folders within it are read, too): silhouettes (with --category) or label maps."""
    model: Path = field(kw_only=True)
    """Run or model folder with a PartNet."""
    supports: Path | None = None
    """Support folder to use. It can have new categories. None = the model's own supports."""
    category: str | None = None
    """Category of the silhouettes (white on black). None = label maps, or the only category of --supports."""
    spec: str | None = None
    """What the label ids mean: name of a spec, or a dataset.toml. None = the dataset.toml of the scene folder that the
    maps lie in, else the model's spec."""
    instances: Path | None = None
    """Instance map, or a folder of them. None = each connected piece of a thing class is one object."""
    out: Path = Path("parts")
    """Folder to write part maps and overlays to. Every pixel of a silhouette gets a part, the most likely one."""
    attention: FlagCreatePairsOff[bool] = False
    """Also draw the support pixels that PartNet read for the centre of each part (NAME_attention.png)."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Infer the parts and write the files."""
        from ipose.systems.checks import check_device
        from ipose.systems.partnet.parts import part_reader, write_parts

        check_device(self.device)
        reader = part_reader(self.model, self.supports, self.spec, inputs=self.inputs, device=self.device)
        options: dict[str, Any] = {name: getattr(self, name) for name in ("category", "instances", "attention")}
        print_files(beside_older(self.out, write_parts(reader, self.inputs, self.out, **options)))


@dataclass(frozen=True)
class Segment:
    """Find parts in photographs without annotation. Write part maps (0 = background, 1, 2, ... = parts) and a sheet."""

    images: Positional[Path]
    """A photograph, or a folder of them; folders within it are read, too: that of p/a/1.jpg is called a_1."""
    model: Path = field(kw_only=True)
    """Run of ipose train part-segmenter, or its model folder."""
    truth: Path | None = None
    """Folder of true maps with the photographs' names (0 = background), to write eval cards. None = no cards."""
    out: Path = Path("segmented")
    """Folder to write to."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Segment the photographs and, with --truth, judge the part maps."""
        from ipose.systems.checks import check_device
        from ipose.systems.part_segmenter.segment import segment_and_judge

        check_device(self.device)
        print_files(segment_and_judge(self.model, self.images, self.out, truth=self.truth, device=self.device))
