"""`ipose parts`: PartNet alone."""

from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional


@dataclass(frozen=True)
class Parts:
    """Infer parts with PartNet alone: of drawn silhouettes, or of every object of label maps.

    Every pixel of a silhouette gets its most likely part: object pixels in ipose evaluate, whose AC and mIoU count
    "none", too.
    """

    inputs: Positional[Path]
    """A PNG, or a folder of them: silhouettes (with --category), or label maps."""
    model: Path = field(kw_only=True)
    """Run or model folder, of PartNet or of the whole system."""
    supports: Path | None = None
    """Support folder to read, of new categories perhaps. None = the model's own."""
    category: str | None = None
    """The inputs are silhouettes of this category (white on black). None = label maps, or --supports has but one."""
    spec: str | None = None
    """What the label ids mean: a spec's name or a dataset.toml. None = the model's."""
    instances: Path | None = None
    """Instance map, or folder of them. None = the connected pieces of each thing class are its objects."""
    out: Path = Path("parts")
    """Folder to write part maps and overlays to."""
    attention: FlagCreatePairsOff[bool] = False
    """Also draw which pixels of the supports the centre of each inferred part read (NAME_attention.png)."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Infer and write."""
        from ipose.systems.checks import check_device
        from ipose.systems.partnet.parts import part_reader, write_parts

        check_device(self.device)
        reader = part_reader(self.model, self.supports, self.spec, device=self.device)
        for path in write_parts(
            reader,
            self.inputs,
            self.out,
            category=self.category,
            instances=self.instances,
            attention=self.attention,
        ):
            print(path)
