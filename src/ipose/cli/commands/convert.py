"""`ipose convert`: the authors' weights in and out."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from ipose.errors import ConfigError


@dataclass(frozen=True)
class Convert:
    """Turn weights of the authors' release into a model folder (IPose.from_pretrained, ipose generate, ipose parts), or
    a model back into a file with their names. Files are read as data: a pickle that would run code is refused."""

    file: Positional[Path]
    """What the authors' training saved: the generator (best its averaged copy, EMA), or a PartNet; .pth, .safetensors.
    With --to-release: a run or model folder."""
    out: Positional[Path]
    """Folder to write, new or empty. With --to-release: a new .pth or .safetensors file."""
    supports: Path | None = None
    """Support folder, or the authors' part data with its support_shape/. Their weights bring no support maps; without
    any, no parts can be inferred yet."""
    preset: str | None = None
    """What the generator was trained as: cityscapes-release, ade20k-release, coco-stuff-release, ... None = told from
    the number of classes."""
    spec: str | None = None
    """What the class ids mean: a spec's name or a dataset.toml. None = the preset's data set."""
    z_channels: int | None = None
    """Channels of the texture noise. None = the preset's, else 64."""
    to_release: FlagCreatePairsOff[bool] = False
    """The other way: write a model as the authors' code reads it."""

    def run(self) -> None:
        """Convert and say what was made."""
        from ipose.workflows.convert import convert_from_release, convert_to_release

        if self.to_release:
            self._refuse_options()
            notes = convert_to_release(self.file, self.out)
        else:
            notes = convert_from_release(
                self.file,
                self.out,
                supports=self.supports,
                preset=self.preset,
                spec=self.spec,
                z_channels=self.z_channels,
            )
        print(*notes, self.out, sep="\n")

    def _refuse_options(self) -> None:
        for name in ("supports", "preset", "spec", "z_channels"):
            if getattr(self, name) is not None:
                raise ConfigError(
                    "nothing for this way back, which takes all from the model",
                    field=name,
                    found=getattr(self, name),
                    mend="Leave it out, or leave out --to-release.",
                )
