"""`ipose convert`: the authors' weights in and out."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from ipose.errors import ConfigError
from ipose.ganseg.presets import Heatmap


@dataclass(frozen=True)
class Convert:
    """Turn weights of the authors' releases (iPOSE, GroupDNet, GANSeg) into a model folder, as ipose generate, parts
    and segment take it, or a model back into a file with their names. Which network a file holds, its names tell.
    Files are read as data: a pickle that would run code is refused."""

    file: Positional[Path]
    """What the authors' training saved: iPOSE's generator (best its averaged copy, EMA) or PartNet; GroupDNet's
    generator; GANSeg's generator, with its discriminator or alone, or segmenter; .pth, .safetensors.
    With --to-release: a run or model folder."""
    out: Positional[Path]
    """Folder to write, new or empty. With --to-release: a new .pth or .safetensors file; of GroupDNet, whose encoder is
    written beside (NAME_E.pth), its generator's: NAME_G.pth."""
    supports: Path | None = None
    """iPOSE: support folder, or the authors' part data with its support_shape/. Their weights bring no support maps;
    without any, no parts can be inferred yet."""
    preset: str | None = None
    """What the network was trained as: cityscapes-release, ade20k-release, coco-stuff-release, ... (iPOSE);
    deepfashion, cityscapes, ade20k, ... (GroupDNet); celeba-wild, taichi, cub, flowers, ... (GANSeg). None = told from
    the number of classes, or from the blocks."""
    spec: str | None = None
    """iPOSE, GroupDNet: what the class ids mean, a spec's name or a dataset.toml. None = the preset's data set."""
    z_channels: int | None = None
    """iPOSE: channels of the texture noise. None = the preset's, else 64."""
    encoder: Path | None = None
    """GroupDNet: file of the encoder. None = beside the generator's, _E in place of _G: latest_net_E.pth."""
    heatmap: Heatmap | None = None
    """GANSeg: form of the parts, which no weight tells: cone as in the published runs, or gauss-var, which the authors'
    command line takes unless told otherwise. None = the preset's, cone."""
    to_release: FlagCreatePairsOff[bool] = False
    """The other way: write a model as the authors' code reads it."""

    def run(self) -> None:
        """Convert and say what was made."""
        from ipose.systems.converting import convert_from_release, convert_to_release

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
                encoder=self.encoder,
                heatmap=self.heatmap,
            )
        print(*notes, self.out, sep="\n")

    def _refuse_options(self) -> None:
        for name in ("supports", "preset", "spec", "z_channels", "encoder", "heatmap"):
            if getattr(self, name) is not None:
                raise ConfigError(
                    "nothing for this way back, which takes all from the model",
                    field=name,
                    found=getattr(self, name),
                    mend="Leave it out, or leave out --to-release.",
                )
