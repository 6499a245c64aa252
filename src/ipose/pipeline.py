"""`IPose`: scene in, image out. It owns generator, PartNet, supports and label spec, saved and loaded together."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import ModelHubMixin, snapshot_download
from jaxtyping import Float, UInt8
from torch import Tensor

import ipose
from ipose.data.specs import DATASET_FILE, dataset_toml, load_spec
from ipose.editing.contexts import NoiseContext, pixel_noise
from ipose.editing.draft import Draft
from ipose.editing.edit import Edit, edited_draft
from ipose.errors import ConfigError, IposeError, RunError, ShapeMismatchError
from ipose.images import image_uint8
from ipose.layers.psm_block import BlockFactory
from ipose.model_folder import model_folder
from ipose.partnet.attention import SupportAttention, support_attention
from ipose.partnet.partnet import PartNet
from ipose.partnet.parts_without_partnet import no_parts, parts_function
from ipose.partnet.pretrained import (
    has_partnet,
    load_model_supports,
    load_partnet_weights,
    read_parts_config,
    save_model_supports,
    save_partnet_weights,
    without_supports,
)
from ipose.partnet.scene_parts import SceneParts, infer_scene_parts
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig
from ipose.synthesis.pretrained import load_generator, read_generator_weights, save_generator_weights
from ipose.synthesis.scene_noise import SceneNoise, batch_noise
from ipose.types import LabelSpec, Scene, SceneBatch, SupportSet

FORMAT = "ipose"


@dataclass(frozen=True, eq=False)
class SceneOutput:
    """What `IPose` answers for one scene.

    Args:
        image: float32 (3, H, W) in [-1, 1].
        parts: uint8 (H, W), part of each pixel, 0 = none: what PartNet predicts; the scene's own part map where the
            model was trained on true parts; 0 everywhere where it knows of none.
        part_logits: float32 (9, H, W), composed part logits; of true parts the one-hot map, of no parts 0.
        edit: what was changed for it; `edit.record()` says it in words and numbers. None = nothing.
    """

    image: Float[Tensor, "3 h w"]
    parts: UInt8[Tensor, "h w"]
    part_logits: Float[Tensor, "q h w"]
    edit: Edit | None = None

    def image_uint8(self) -> UInt8[Tensor, "3 h w"]:
        """The image in 0..255."""
        return image_uint8(self.image)


class IPose(
    ModelHubMixin,
    library_name="ipose",
    license="apache-2.0",
    pipeline_tag="image-to-image",
    tags=["semantic-image-synthesis", "ipose"],
):
    """The whole of iPOSE for use: infer parts, then synthesise. Source: iPOSE sec. 3, fig. 2.

    Args:
        generator: trained; put in eval mode.
        partnet: trained; put in eval mode. Never a part of the generator. None where the generator reads no predicted
            parts (`SynthesisConfig.needs_partnet`).
        supports: of every part category in `spec`; a set without categories is one to be replaced before use, or that
            of a model without PartNet.
        spec: what the class ids mean.
    Raises:
        ConfigError: no PartNet, and a generator that reads predicted parts.

    Example::

        model = IPose.from_pretrained("runs/toy")     # a run, its model/ folder, or a hub id
        out = model(scene, seed=7)                    # out.image, out.parts, out.part_logits
        out = model(scene, seed=7, edit=Resample(object=2) + EditSupports("car", drop="license"))
    """

    def __init__(self, generator: Generator, partnet: PartNet | None, supports: SupportSet, spec: LabelSpec) -> None:
        if partnet is None and generator.config.needs_partnet:
            raise ConfigError(
                "this generator reads the parts that a PartNet predicts, and there is none", field="parts"
            )
        self.generator, self.partnet = generator.eval(), None if partnet is None else partnet.eval()
        self.supports, self.spec = supports, spec
        self._parts_function = (
            None if generator.config.part_injection == "none" else parts_function(generator.config.parts)
        )

    @property
    def synthesis(self) -> SynthesisConfig:
        """Configuration of the generator."""
        return self.generator.config

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.generator.parameters()).device

    def to(self, device: torch.device | str) -> "IPose":
        """Move the networks."""
        self.generator.to(device)
        if self.partnet is not None:
            self.partnet.to(device)
        return self

    def infer_parts(self, batch: SceneBatch, supports: SupportSet | None = None) -> SceneParts:
        """Composed part features, logits and mask of a batch, of the kind that the generator was trained on.

        A generator that reads no parts (part_injection none) has those of its PartNet, to look at, if it has one.

        Args:
            batch: scenes of one size.
            supports: in place of the model's own.
        Raises:
            SupportError: the model came without supports, or an object's part category has none.
            DataError: the model was trained on true parts, and a scene has no part map.
        """
        if self._parts_function is not None:
            return self._parts_function(batch.to(self.device))
        if self.partnet is None:
            return no_parts(batch.to(self.device), self.synthesis.part_input_channels)
        supports = self.supports if supports is None else supports
        if self.spec.part_categories and not supports.categories:
            raise without_supports()
        with torch.no_grad():
            return infer_scene_parts(self.partnet, batch.to(self.device), supports, paste=self.synthesis.paste)

    def attention(self, scene: Scene, number: int) -> SupportAttention:
        """Where PartNet looked in the supports for the parts of one object: `.read_by(row, column)` are the support
        pixels that a pixel of the object's 64x64 frame read.

        Args:
            scene: with the object.
            number: of the object in `scene.objects`.
        Raises:
            ConfigError: no such object, its class has no parts, or a model without PartNet.
        """
        if self.partnet is None or self._parts_function is not None:
            raise ConfigError("this model reads no predicted parts, so that nothing is attended to", field="parts")
        with_parts = [i for i, item in enumerate(scene.objects) if item.part_category is not None]
        if number not in with_parts:
            raise ConfigError(
                "no object with parts has this number",
                field="number",
                found=number,
                expected=", ".join(map(str, with_parts)) or "a scene that has some",
            )
        parts, category = self.infer_parts(SceneBatch.from_scenes([scene])), scene.objects[number].part_category
        assert parts.shapes is not None
        assert category is not None
        at = with_parts.index(number)
        maps = self.supports.of([category]).to(self.device)
        return support_attention(self.partnet, parts.shapes[at : at + 1], maps)[0]

    def __call__(self, scene: Scene, *, seed: int = 0, edit: Edit | None = None) -> SceneOutput:
        """One image. The same scene and seed give the same image (to 1e-5), alone or in a batch.

        Args:
            scene: to paint.
            seed: of its noise, together with its name.
            edit: of `ipose.editing`; edits add up. The output keeps it.
        Raises:
            ShapeMismatchError: height or width that the generator cannot make.
            SupportError: an object of a part category without supports.
            ConfigError: an edit that makes no sense in this scene, or for this model.
            DataError: the model was trained on true parts, and the scene has no part map.
        """
        return self.generate([scene], seed=seed)[0] if edit is None else self._edited(scene, seed, edit)

    def draft(self, scene: Scene, edit: Edit) -> Draft:
        """What an edit makes of a scene and the supports, before parts are inferred: quick to refuse nonsense.

        Raises:
            ConfigError, SupportError: an edit that makes no sense in this scene, or for a model of this kind.
        """
        for step in edit.steps if not self.synthesis.needs_partnet else ():
            if step.asks_partnet:
                raise _nothing_predicted(type(step).__name__, self.synthesis)
        draft = edited_draft(edit, scene, self.supports, self.spec)
        if self.synthesis.parts == "true" and scene.part is not None and draft.scene.part is None:
            raise ConfigError(
                "this edit changes the layout, and a model of true parts needs the part map that goes with it",
                field="parts",
                mend="Change the scene's label, instance and part map together, and generate from them.",
            )
        return draft

    def _edited(self, scene: Scene, seed: int, edit: Edit) -> SceneOutput:
        draft = self.draft(scene, edit)
        batch = SceneBatch.from_scenes([draft.scene]).to(self.device)
        parts = self.infer_parts(batch, draft.supports)
        context = NoiseContext(draft, parts.part_map[0].cpu(), seed, self.synthesis)
        noise = edit.redraw(pixel_noise(self.synthesis, scene.size, seed, scene.name), context)
        image = self._images(batch, parts, SceneNoise(noise.z[None], noise.part_noise[None]))[0]
        return SceneOutput(image.cpu(), context.parts, parts.logits[0].cpu(), edit)

    def generate(self, scenes: Sequence[Scene], *, seed: int = 0) -> list[SceneOutput]:
        """One image a scene, computed as one batch; scenes of one size."""
        if len({scene.size for scene in scenes}) > 1:
            raise ShapeMismatchError(
                "scenes of one batch must be of one size",
                found=sorted({scene.size for scene in scenes}),
                mend="Call the model once for each size.",
            )
        if not scenes:
            return []
        batch = SceneBatch.from_scenes(scenes).to(self.device)
        parts = self.infer_parts(batch)
        images = self.paint(batch, parts, seed=seed)
        rows = zip(images.cpu(), parts.part_map.cpu(), parts.logits.cpu(), strict=True)
        return [SceneOutput(image, part_map, logits) for image, part_map, logits in rows]

    def paint(self, batch: SceneBatch, parts: SceneParts, *, seed: int) -> Float[Tensor, "b 3 h w"]:
        """Images of scenes whose parts are known, each from the noise of (seed, scene name), on the model's device."""
        return self._images(batch, parts, batch_noise(self.synthesis, batch.size, seed, batch.names))

    def _images(self, batch: SceneBatch, parts: SceneParts, noise: SceneNoise) -> Float[Tensor, "b 3 h w"]:
        with torch.no_grad():
            images: Tensor = self.generator(
                batch.label,
                parts.features if self.synthesis.part_tensor == "features" else parts.logits,
                parts.mask,
                z=noise.z.to(self.device),
                part_noise=noise.part_noise.to(self.device),
            )
        return images

    def _save_pretrained(self, save_directory: Path) -> None:
        """The files of a model folder; `save_pretrained` adds the model card."""
        described = {
            "format": FORMAT,
            "ipose_version": ipose.__version__,
            **save_generator_weights(save_directory, self.generator),
        }
        if self.partnet is not None:
            described |= save_partnet_weights(save_directory, self.partnet)
            described |= save_model_supports(save_directory, self.supports)
        (save_directory / "config.json").write_text(json.dumps(described, indent=2) + "\n")
        names = {name: self.supports.part_names[name] for name in self.supports.categories}
        (save_directory / DATASET_FILE).write_text(dataset_toml(self.spec, names))

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | Path, *, block: BlockFactory | None = None, **kwargs: Any
    ) -> "IPose":
        """Load a run, its `model/` folder, or a hub id (`local_files_only=True` keeps it off the network).

        Args:
            pretrained_model_name_or_path: run, model folder or hub id.
            block: what the generator's blocks are made by, where it was trained with other ones than the PSM block.
            kwargs: of `huggingface_hub.ModelHubMixin.from_pretrained`.
        Raises:
            RunError: no such folder, a PartNet without a generator, a generator of other blocks, or a damaged file.
        """
        local = Path(pretrained_model_name_or_path)
        if local.exists() or str(pretrained_model_name_or_path).count("/") != 1:
            folder = model_folder(local)
            _read_whole(folder)  # before the mixin, whose JSON error names no file
            return super().from_pretrained(str(folder), block=block, **kwargs)
        try:
            return super().from_pretrained(str(pretrained_model_name_or_path), block=block, **kwargs)
        except IposeError:
            raise
        except Exception as error:
            raise RunError(
                "neither a folder here nor a model that the hub serves",
                file=str(pretrained_model_name_or_path),
                found=type(error).__name__,
                mend="Check the path; a hub id needs the network, or a copy in the hub's cache.",
            ) from error

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        revision: str | None,
        cache_dir: str | Path | None,
        force_download: bool,
        local_files_only: bool,
        token: str | bool | None,
        block: BlockFactory | None = None,
        **model_kwargs: Any,
    ) -> "IPose":
        folder = Path(model_id)
        if not folder.is_dir():
            folder = Path(
                snapshot_download(
                    model_id,
                    revision=revision,
                    cache_dir=cache_dir,
                    force_download=force_download,
                    local_files_only=local_files_only,
                    token=token,
                )
            )
        config = _read_whole(folder)
        generator, spec = load_generator(folder, config, block), load_spec(folder / DATASET_FILE)
        if not has_partnet(config) and not generator.config.needs_partnet:
            return cls(generator, None, SupportSet({}, {}), spec)
        return cls(generator, load_partnet_weights(folder, config), load_model_supports(folder, config), spec)


def generator_weights(path: str | Path) -> dict[str, Tensor]:
    """The generator's weights by name, of a synthesis run or its model folder: to start another one from.

    Raises:
        RunError: no such folder, a PartNet without a generator, or a damaged file.
    """
    folder = model_folder(path)
    _read_whole(folder)
    return read_generator_weights(folder)


def _nothing_predicted(edit: str, config: SynthesisConfig) -> ConfigError:
    kinds = {
        "true": "it paints the true part map: change that",
        "position_descriptor": "it sees where pixels lie in their object's outline: change that",
    }
    reads = "it was trained without parts" if config.part_injection == "none" else kinds[config.parts]
    return ConfigError(
        f"{edit} changes what PartNet predicts, which this model does not read ({reads})",
        field="parts",
        mend="Edit texture or layout, or take a model of predicted parts.",
    )


def _read_whole(folder: Path) -> dict[str, Any]:
    """config.json of a model folder. Raises RunError where it is a PartNet's."""
    config = read_parts_config(folder)
    if config.get("format") != FORMAT:
        raise RunError(
            "a PartNet alone makes no images",
            file=folder,
            expected="a synthesis run",
            mend="Train one with ipose train synthesis, or use ipose parts with this one.",
        )
    return config
