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
from ipose.editing.edit import Edit
from ipose.editing.layout import edited_draft
from ipose.editing.region import Seen, pixel_noise
from ipose.errors import ConfigError, IposeError, RunError, ShapeMismatchError
from ipose.layers.psm_block import BlockFactory
from ipose.partnet.attention import SupportAttention, support_attention
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import (
    load_model_supports,
    load_partnet_weights,
    model_folder,
    read_config,
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
        parts: uint8 (H, W), inferred part of each pixel, 0 = none.
        part_logits: float32 (9, H, W), composed part logits.
        edit: what was changed for it; `edit.record()` says it in words and numbers. None = nothing.
    """

    image: Float[Tensor, "3 h w"]
    parts: UInt8[Tensor, "h w"]
    part_logits: Float[Tensor, "q h w"]
    edit: Edit | None = None

    def image_uint8(self) -> UInt8[Tensor, "3 h w"]:
        """The image in 0..255."""
        return ((self.image.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


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
        partnet: trained; put in eval mode. Never a part of the generator.
        supports: of every part category in `spec`; a set without categories is one to be replaced before use.
        spec: what the class ids mean.

    Example::

        model = IPose.from_pretrained("runs/toy")     # a run, its model/ folder, or a hub id
        out = model(scene, seed=7)                    # out.image, out.parts, out.part_logits
        out = model(scene, seed=7, edit=Resample(object=2) + EditSupports("car", drop="license"))
    """

    def __init__(self, generator: Generator, partnet: PartNet, supports: SupportSet, spec: LabelSpec) -> None:
        self.generator, self.partnet = generator.eval(), partnet.eval()
        self.supports, self.spec = supports, spec

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
        self.partnet.to(device)
        return self

    def infer_parts(self, batch: SceneBatch, supports: SupportSet | None = None) -> SceneParts:
        """Composed part features, logits and mask of a batch.

        Args:
            batch: scenes of one size.
            supports: in place of the model's own.
        Raises:
            SupportError: the model came without supports, or an object's part category has none.
        """
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
            ConfigError: no such object, or its class has no parts.
        """
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
            ConfigError: an edit that makes no sense in this scene.
        """
        return self.generate([scene], seed=seed)[0] if edit is None else self._edited(scene, seed, edit)

    def _edited(self, scene: Scene, seed: int, edit: Edit) -> SceneOutput:
        draft = edited_draft(edit, scene, self.supports, self.spec)
        batch = SceneBatch.from_scenes([draft.scene]).to(self.device)
        parts = self.infer_parts(batch, draft.supports)
        seen = Seen(draft, parts.part_map[0].cpu(), seed, self.synthesis)
        noise = edit.redraw(pixel_noise(self.synthesis, scene.size, seed, scene.name), seen)
        image = self._images(batch, parts, SceneNoise(noise.z[None], noise.part_noise[None]))[0]
        return SceneOutput(image.cpu(), seen.parts, parts.logits[0].cpu(), edit)

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
                parts.features if self.synthesis.part_input == "features" else parts.logits,
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
            **save_partnet_weights(save_directory, self.partnet),
            **save_model_supports(save_directory, self.supports),
        }
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
        generator, partnet = load_generator(folder, config, block), load_partnet_weights(folder, config)
        return cls(generator, partnet, load_model_supports(folder, config), load_spec(folder / DATASET_FILE))


def generator_weights(path: str | Path) -> dict[str, Tensor]:
    """The generator's weights by name, of a synthesis run or its model folder: to start another one from.

    Raises:
        RunError: no such folder, a PartNet without a generator, or a damaged file.
    """
    folder = model_folder(path)
    _read_whole(folder)
    return read_generator_weights(folder)


def _read_whole(folder: Path) -> dict[str, Any]:
    """config.json of a model folder. Raises RunError where it is a PartNet's."""
    config = read_config(folder)
    if config.get("format") != FORMAT:
        raise RunError(
            "a PartNet alone makes no images",
            file=folder,
            expected="a synthesis run",
            mend="Train one with ipose train synthesis, or use ipose parts with this one.",
        )
    return config
