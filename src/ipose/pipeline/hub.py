"""`IPose` as a folder of generator, PartNet, supports and label spec: on the disk, and on the Hugging Face hub."""

from inspect import signature
from pathlib import Path
from typing import Any, TypeVar

from huggingface_hub import ModelHubMixin, snapshot_download
from torch import Tensor, nn

from ipose.errors import ConfigError, RunError
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
from ipose.tensor_check import what_is
from ipose.whole_files import write_text_whole

KIND = ModelKind("ipose", "iPOSE model", "ipose train synthesis")
CARD = "README.md"


def generator_weights(path: str | Path | ModelFolder) -> dict[str, Tensor]:
    """The generator's weights by name, of a synthesis run or its model folder: to start another one from.

    Raises:
        RunError: no such folder, a model of another system, or a damaged file.
    """
    return open_model(path, KIND).weights(WEIGHTS)


Model = TypeVar("Model", bound="SavedModel")


def _made_again(kind: Any, networks: Any, parts: Any, supports: SupportSet, spec: LabelSpec) -> Any:
    config, block, weights = networks
    generator = Generator(config, block if config.part_injection == "psm" else None)
    generator.to(next(iter(weights.values()))).load_state_dict(weights)  # device and dtype, too
    partnet = None if parts is None else PartNet(parts[0])
    if partnet is not None:
        partnet.to(next(iter(parts[1].values()))).load_state_dict(parts[1])
    return kind(generator, partnet, supports, spec)


def check_is_name(value: object) -> None:
    """Raises ConfigError for what cannot name a model."""
    if not isinstance(value, str | Path | ModelFolder):
        raise ConfigError("names no model", found=what_is(value), expected="a name, a path or a hub id")


def folder_of(name: str | Path, **options: Any) -> Path:
    """The folder that a name means. A hub id (`owner/model`) is downloaded, if no such path exists; `options` are those
    of `snapshot_download`.

    Raises:
        RunError: the hub does not serve such a model, or cannot be reached and there is no copy.
    """
    path = Path(name)
    if path.exists() or str(name).count("/") != 1:
        return path
    try:
        return Path(snapshot_download(str(name), **options))
    except Exception as error:  # the hub's own, the network's, and those of what lies between
        message = "neither a folder here nor a model that the hub serves"
        mend = "Check the path; a hub id needs the network, or a copy in the hub's cache."
        raise RunError(message, file=str(name), found=type(error).__name__, mend=mend) from error


class SavedModel(
    nn.Module,
    ModelHubMixin,
    library_name="ipose",
    license="apache-2.0",
    pipeline_tag="image-to-image",
    tags=["semantic-image-synthesis", "ipose"],
):
    """What `IPose` is made of, saved and loaded as one folder."""

    def __init__(self, generator: Generator, partnet: PartNet | None, supports: SupportSet, spec: LabelSpec) -> None:
        super().__init__()
        self.generator, self.partnet, self.supports, self.spec = generator, partnet, supports, spec

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle and copy: configs and weights, as torch cannot pickle networks with spectral norm."""
        generator, partnet = self.generator, self.partnet
        networks = (generator.config, generator.block, generator.state_dict())
        parts = None if partnet is None else (partnet.config, partnet.state_dict())
        return _made_again, (type(self), networks, parts, self.supports, self.spec)

    def save_pretrained(
        self,
        save_directory: str | Path,
        *,
        config: Any = None,
        repo_id: str | None = None,
        push_to_hub: bool = False,
        model_card_kwargs: dict[str, Any] | None = None,
        **push_to_hub_kwargs: Any,
    ) -> str | None:
        """Write a model folder. One that stands there is replaced when the new one is whole, but for its model card
        (README.md), which a person may have edited.

        Args:
            save_directory: a new or empty folder, or one that holds a model and nothing else.
            config: the hub's way to say more in config.json; not used.
            repo_id: on the hub; None = the folder's name.
        Returns:
            where it is on the hub; None = it was not uploaded.
        Raises:
            RunError: the folder holds something else.
        """
        card = Path(save_directory) / CARD
        new = self.generate_model_card(**(model_card_kwargs or {}))
        text = card.read_text(encoding="utf-8-sig") if card.is_file() else str(new)
        config, weights = generator_fields(self.generator), generator_files(self.generator)
        hashes, supports = {HASH: WEIGHTS}, None
        if self.partnet is not None:
            config |= partnet_fields(self.partnet)
            hashes |= HASHES
            weights[PARTNET_WEIGHTS] = self.partnet.state_dict()
            supports = self.supports
        files = {CARD: lambda file: write_text_whole(file, text)}
        more: dict[str, Any] = {"hashes": hashes, "spec": self.spec, "supports": supports, "files": files}
        write_model(save_directory, KIND, config, weights, **more)
        if not push_to_hub:
            return None
        name = repo_id or Path(save_directory).resolve().name
        return str(self.push_to_hub(name, model_card_kwargs=model_card_kwargs, **push_to_hub_kwargs))

    @classmethod
    def from_pretrained(
        cls: type[Model],
        pretrained_model_name_or_path: str | Path | ModelFolder,
        *,
        block: BlockFactory | None = None,
        **kwargs: Any,
    ) -> Model:
        """Load a run, its `model/` folder, or a hub id (`local_files_only=True` keeps it off the network).

        Args:
            pretrained_model_name_or_path: run, model folder or hub id.
            block: makes the generator's blocks. None = the class that config.json names. If that is not one of ipose's,
                its module is imported from where Python looks for modules, and its code runs.
            kwargs: of `huggingface_hub.snapshot_download`, for a hub id.
        Raises:
            ConfigError: an option that no download has. Devices and dtypes are asked of the model.
            RunError: no such folder, a model of another system, a generator of other blocks, or a damaged file.
            SupportError, SpecError: supports or spec are damaged, or gone.
        """
        if unknown := sorted(set(kwargs) - {*signature(snapshot_download).parameters, "force_download"}):
            mend = 'Say what the model should become: IPose.from_pretrained(name).to("cuda").half(), for example.'
            expected = "block, or what huggingface_hub.snapshot_download takes"
            raise ConfigError("no option of loading a model", field=", ".join(unknown), expected=expected, mend=mend)
        path = pretrained_model_name_or_path
        check_is_name(path)
        model = open_model(path if isinstance(path, ModelFolder) else folder_of(path, **kwargs), KIND)
        generator, spec = read_generator(model, block), model.spec()
        if not has_partnet(model) and not generator.config.needs_partnet:
            return cls(generator, None, SupportSet({}, {}), spec)
        return cls(generator, read_partnet(model), model.supports(), spec)
