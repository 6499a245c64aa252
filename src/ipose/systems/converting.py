"""`ipose convert`: the authors' weights to a model folder, and a model back to a file with their names.

The files are those of iPOSE's, GroupDNet's and GANSeg's releases; which network one is of, its names tell.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor

from ipose.errors import RunError
from ipose.ganseg.presets import Heatmap
from ipose.ganseg.pretrained import FORMAT as GANSEG
from ipose.groupdnet.model import FORMAT as GROUPDNET
from ipose.interop.release.recognise import network_of
from ipose.interop.weight_files import refuse_weights
from ipose.model_folder import model_format
from ipose.partnet.pretrained import model_folder
from ipose.pipeline import FORMAT as IPOSE
from ipose.segmentation.part_segmenter_config import FORMAT as SEGMENTER
from ipose.systems.converted_files import Converted, Said, read_network, refuse_occupied, write_new
from ipose.systems.ganseg import release as convert_ganseg
from ipose.systems.groupdnet import release as convert_groupdnet
from ipose.systems.ipose import release as convert_ipose

_FROM_RELEASE: Mapping[str, Callable[[Path, dict[str, Tensor], Said], Converted]] = {
    "generator": convert_ipose.generator_from_release,
    "PartNet": convert_ipose.partnet_from_release,
    "GroupDNet generator": convert_groupdnet.from_release,
    "GANSeg generator": convert_ganseg.generator_from_release,
    "GANSeg segmenter": convert_ganseg.segmenter_from_release,
}
"""By what `network_of` calls a file's network."""

_TO_RELEASE: Mapping[str, Callable[[Path, Path], list[str]]] = {
    IPOSE: convert_ipose.generator_to_release,
    GROUPDNET: convert_groupdnet.to_files,
    GANSEG: convert_ganseg.generator_to_release,
    SEGMENTER: convert_ganseg.segmenter_to_release,
}
"""By the format that config.json names."""


def convert_from_release(
    file: Path,
    out: Path,
    *,
    supports: Path | None = None,
    preset: str | None = None,
    spec: str | None = None,
    z_channels: int | None = None,
    encoder: Path | None = None,
    heatmap: Heatmap | None = None,
) -> list[str]:
    """Write the model folder of a network that the authors' training saved. On failure, nothing.

    Args:
        file: of `torch.save`, or safetensors. Of iPOSE: a generator (its averaged copy makes the better images) becomes
            a folder for `IPose.from_pretrained`, a PartNet alone one for `ipose parts`. Of GroupDNet: the generator.
            Of GANSeg: the file with generator and discriminator, the generator alone, or the segmenter.
        out: a new or empty folder.
        supports: iPOSE: support folder, or the tree of part data that the authors released, of whose supports those
            three a category are taken (P), else as many as there are at most. None = the folder says that it has none.
        preset: the published settings that the network was trained with. None = told from its classes and layers.
        spec: iPOSE and GroupDNet: what the class ids mean. None = the preset's data set.
        z_channels: iPOSE: channels of the texture noise. None = the preset's.
        encoder: GroupDNet: file of its encoder. None = beside, named as the authors do (latest_net_E.pth).
        heatmap: GANSeg: form of the parts. None = the preset's, cone.
    Returns:
        what to tell the user, a sentence each.
    Raises:
        RunError: the file or its names are at fault, or `out` is taken.
        ConfigError, SpecError: what is said contradicts the weights, or is of no use to them.
        SupportError: the supports are at fault.
    """
    refuse_occupied(out)
    said = Said(supports=supports, preset=preset, spec=spec, z_channels=z_channels, encoder=encoder, heatmap=heatmap)
    state = read_network(file)
    kind = network_of(state)
    if kind is None or kind not in _FROM_RELEASE:
        raise _useless(file, state, kind)
    converted = _FROM_RELEASE[kind](file, state, said)
    write_new(out, converted.save)
    return converted.notes


def convert_to_release(model: Path, out: Path) -> list[str]:
    """Write a run or model folder as one file with the authors' names; GroupDNet's as two, as they do.

    Args:
        model: run or model folder, of any of the systems.
        out: a new .pth, .pt or .safetensors file.
    Returns:
        what to tell the user, a sentence each.
    Raises:
        RunError: no model there, or a file at `out`.
        ConfigError: layers or settings that the release does not have.
    """
    refuse_weights(out)
    if model.is_file():
        raise RunError(
            "a file, where --to-release takes a run or model folder", file=model, mend="Leave out --to-release."
        )
    folder = model_folder(model)
    return _TO_RELEASE.get(model_format(folder) or "", convert_ipose.partnet_to_release)(folder, out)


def _useless(file: Path, state: Mapping[str, Tensor], kind: str | None) -> RunError:
    if kind is None:
        return RunError(
            "this is no network of the releases",
            file=file,
            found=f"{len(state)} tensors, the first named {next(iter(state), None)!r}",
            expected="a generator or PartNet of iPOSE, a generator of GroupDNet, a generator or segmenter of GANSeg",
            mend="Take a file that the authors' training saved; no other has these layers.",
        )
    if kind == "GroupDNet encoder":
        return RunError(
            "this is GroupDNet's encoder, which makes no images alone",
            file=file,
            mend="Convert the generator's file (latest_net_G.pth), and name this one with --encoder.",
        )
    return RunError(
        f"this is the release's {kind}, which makes no images",
        file=file,
        mend="Convert the generator's file (its averaged copy, EMA, where there is one).",
    )
