"""The model folder of the whole iPOSE: generator, PartNet, supports and label spec, written and read together."""

from pathlib import Path
from typing import NamedTuple

from huggingface_hub import ModelCard
from torch import Tensor

from ipose.label_spec import LabelSpec
from ipose.layers.psm_block import BlockFactory
from ipose.model_folder import ModelFolder, ModelKind, open_model
from ipose.model_writing import write_model
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import HASHES, has_partnet, partnet_fields, read_partnet
from ipose.partnet.pretrained import WEIGHTS as PARTNET_WEIGHTS
from ipose.synthesis.generator import Generator
from ipose.synthesis.pretrained import HASH, WEIGHTS, generator_fields, generator_files, read_generator
from ipose.whole_files import write_text_whole

KIND = ModelKind("ipose", "iPOSE model", "ipose train synthesis")
CARD = "README.md"


class Contents(NamedTuple):
    """What `IPose` is made of."""

    generator: Generator
    partnet: PartNet | None
    supports: SupportSet
    spec: LabelSpec


def write_contents(folder: str | Path, contents: Contents, card: ModelCard) -> None:
    """Write a model folder. One that stands there is replaced, but for its model card, which a person may have edited.

    Args:
        folder: a new or empty folder, or one that holds a model and nothing else.
        contents: what to save.
        card: README.md, where there is none yet.
    Raises:
        RunError: the folder holds something else.
    """
    generator, partnet, supports, spec = contents
    old_card = Path(folder) / CARD
    text = old_card.read_text(encoding="utf-8-sig") if old_card.is_file() else str(card)
    config, weights, hashes = generator_fields(generator), generator_files(generator), {HASH: WEIGHTS}
    if partnet is not None:
        config |= partnet_fields(partnet)
        hashes |= HASHES
        weights[PARTNET_WEIGHTS] = partnet.state_dict()
    write_model(
        folder,
        KIND,
        config,
        weights,
        hashes=hashes,
        spec=spec,
        supports=None if partnet is None else supports,
        files={CARD: lambda file: write_text_whole(file, text)},
    )


def read_contents(path: str | Path | ModelFolder, block: BlockFactory | None = None) -> Contents:
    """What a run or model folder holds.

    Args:
        path: of the run or its model/.
        block: makes the generator's blocks. None = the class that config.json names, which is imported.
    Raises:
        RunError: no model here, one of another system, a generator of other blocks, or a damaged file.
        SupportError, SpecError: supports or spec are damaged, or gone.
    """
    model = open_model(path, KIND)
    generator, spec = read_generator(model, block), model.spec()
    if not has_partnet(model) and not generator.config.needs_partnet:
        return Contents(generator, None, SupportSet({}, {}), spec)
    return Contents(generator, read_partnet(model), model.supports(), spec)


def generator_weights(path: str | Path | ModelFolder) -> dict[str, Tensor]:
    """The generator's weights by name, of a synthesis run or its model folder: to start another one from.

    Raises:
        RunError: no such folder, a model of another system, or a damaged file.
    """
    return open_model(path, KIND).weights(WEIGHTS)
