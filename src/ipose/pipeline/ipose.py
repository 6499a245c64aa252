"""`IPose`: scene in, image out. It owns generator, PartNet, supports and label spec, saved and loaded together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.editing.contexts import NoiseContext, pixel_noise
from ipose.editing.draft import Draft
from ipose.editing.edit import Edit, draft_for
from ipose.errors import ConfigError
from ipose.label_spec import LabelSpec
from ipose.part_annotations import SupportSet
from ipose.partnet.attention import SupportAttention
from ipose.partnet.partnet import PartNet
from ipose.partnet.parts_without_partnet import no_parts, parts_function
from ipose.partnet.pretrained import without_supports
from ipose.partnet.scene_parts import SceneParts, infer_scene_parts
from ipose.pipeline.hub import SavedModel
from ipose.pipeline.output import SceneOutput, attention_of
from ipose.pipeline.stream import Wish, batches, wishes
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig
from ipose.synthesis.scene_noise import SceneNoise, batch_noise
from ipose.types import Scene, SceneBatch, SceneObject


class IPose(SavedModel):
    """The whole of iPOSE for use: infer parts, then synthesise. Source: iPOSE sec. 3, fig. 2.

    A module of torch, in eval mode: `to`, `half`, `parameters`, `copy.deepcopy` do what they do there. PartNet stays
    float32 whatever the generator is.

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

        model = IPose.from_pretrained("partworld")    # a bundled model, a run, its model/ folder, or a hub id
        out = model(scene, seed=7)                    # out.image, out.parts, out.part_logits
        out = model(scene, seed=7, edit=Resample(object=2) + EditSupports("car", drop="license"))
    """

    def __init__(self, generator: Generator, partnet: PartNet | None, supports: SupportSet, spec: LabelSpec) -> None:
        if partnet is None and generator.config.needs_partnet:
            raise ConfigError(
                "this generator reads the parts that a PartNet predicts, and there is none", field="parts"
            )
        super().__init__(generator, partnet, supports, spec)
        self.eval()
        config = generator.config
        given = None if config.part_injection == "none" else parts_function(config.parts, config.object_shape)
        self._parts_without_partnet = given

    @property
    def synthesis(self) -> SynthesisConfig:
        """Configuration of the generator."""
        return self.generator.config

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) that it was trained at."""
        return self.synthesis.height, self.synthesis.width

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.generator.parameters()).device

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "IPose":
        """What `to`, `half`, `cuda`, ... do. PartNet changes its device and stays float32: parts are decided there."""
        networks: list[tuple[Any, Callable[[Tensor], Tensor]]] = [(self.generator, fn)]  # Any: torch has no types here
        if self.partnet is not None:
            networks.append((self.partnet, lambda tensor: tensor.to(fn(tensor).device)))
        for network, change in networks:
            network._apply(change, recurse)
        return self

    @property
    def predicts_parts(self) -> bool:
        """Whether it has a PartNet whose parts can be looked at. Not so: a model of true parts, and the baselines."""
        return self.partnet is not None and self._parts_without_partnet is None

    @property
    def categories_without_supports(self) -> tuple[str, ...]:
        """Part categories of the spec whose parts the model could predict, if it had supports of them."""
        if not self.predicts_parts:
            return ()
        return tuple(name for name in self.spec.part_categories if name not in self.supports.categories)

    def objects_without_supports(self, scene: Scene) -> tuple[SceneObject, ...]:
        """The scene's objects of these categories."""
        read = (*scene.objects, *(scene.unlabelled if self.synthesis.object_shape == "instance" else ()))
        return tuple(item for item in read if item.part_category in self.categories_without_supports)

    def without_missing_supports(self, scene: Scene) -> Scene:
        """The scene with these objects as objects of a class without parts."""
        missing = self.objects_without_supports(scene)
        objects, unlabelled = (
            tuple(replace(item, part_category=None) if item in missing else item for item in each)
            for each in (scene.objects, scene.unlabelled)
        )
        return replace(scene, objects=objects, unlabelled=unlabelled)

    def infer_parts(self, batch: SceneBatch, supports: SupportSet | None = None) -> SceneParts:
        """Composed part features, logits and mask of a batch, of the kind that the generator was trained on.
        `supports`: in place of the model's own.

        A generator that reads no parts (part_injection none) has those of its PartNet, to look at, if it has one.

        Raises:
            SupportError: the model came without supports, or an object's part category has none.
            DataError: the model was trained on true parts, and a scene has no part map.
        """
        if self._parts_without_partnet is not None:
            return self._parts_without_partnet(batch.to(self.device))
        if self.partnet is None:
            return no_parts(batch.to(self.device), self.synthesis.part_input_channels)
        supports = self.supports if supports is None else supports
        if not supports.categories and any(item.part_category is not None for item in batch.objects):
            raise without_supports()
        with torch.no_grad(), torch.autocast(self.device.type, enabled=False):  # part ids are decided in full precision
            paste, shape = self.synthesis.paste, self.synthesis.object_shape
            return infer_scene_parts(self.partnet, batch.to(self.device), supports, paste=paste, object_shape=shape)

    def attention(self, scene: Scene, number: int) -> SupportAttention:
        """Where PartNet looked in the supports for the parts of one object: `.read_by(row, column)` are the support
        pixels that a pixel of the object's 64x64 frame read.

        Raises:
            ConfigError: no such object, its class has no parts, or a model without PartNet.
        """
        if self.partnet is None or self._parts_without_partnet is not None:
            raise ConfigError("this model reads no predicted parts, so that nothing is attended to", field="parts")
        parts = self.infer_parts(SceneBatch.from_scenes([scene]))
        return attention_of(self.partnet, self.supports, scene, parts, number)

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
        return next(self.generate([scene], seed=seed, edits=[edit]))

    def draft(self, scene: Scene, edit: Edit) -> Draft:
        """What an edit makes of a scene and the supports, before parts are inferred: quick to refuse nonsense.

        Raises:
            ConfigError, SupportError: an edit that makes no sense in this scene, or for a model of this kind.
        """
        return draft_for(edit, scene, self.supports, self.spec, self.synthesis)

    def _edited(self, wish: Wish) -> SceneOutput:
        scene, seed, edit = wish
        assert edit is not None
        draft = self.draft(scene, edit)
        batch = SceneBatch.from_scenes([draft.scene]).to(self.device)
        parts = self.infer_parts(batch, draft.supports)
        context = NoiseContext(draft, parts.part_map[0].cpu(), seed, self.synthesis)
        noise = edit.redraw(pixel_noise(self.synthesis, scene.size, seed, scene.name), context)
        image = self._images(batch, parts, SceneNoise(noise.z[None], noise.part_noise[None]))[0]
        return SceneOutput(image.cpu(), context.parts, parts.logits[0].cpu(), edit)

    def generate(
        self,
        scenes: Iterable[Scene],
        *,
        seed: int = 0,
        seeds: Iterable[int] | None = None,
        edits: Iterable[Edit | None] | None = None,
        batch_size: int = 8,
    ) -> Iterator[SceneOutput]:
        """One image a scene, in their order, made as they are asked for: any number of scenes in constant memory.

        Args:
            scenes: of any sizes; neighbours of one size are computed together.
            seed: of all of them.
            seeds: one a scene, in place of `seed`.
            edits: one a scene; None = no edit.
            batch_size: the most scenes that are computed together. It does not change the images.
        Raises:
            ConfigError: something that is no scene, or another number of seeds or edits than of scenes. And as
                `__call__`, when the scene's turn comes.
        """
        for batch in batches(wishes(scenes, seed, seeds, edits), batch_size):
            if batch[0].edit is not None:
                yield self._edited(batch[0])
            else:
                yield from self._painted([wish.scene for wish in batch], [wish.seed for wish in batch])

    def _painted(self, scenes: Sequence[Scene], seeds: Sequence[int]) -> Iterator[SceneOutput]:
        batch = SceneBatch.from_scenes(scenes).to(self.device)
        parts = self.infer_parts(batch)
        images = self.paint(batch, parts, seed=seeds)
        return map(SceneOutput, images.cpu(), parts.part_map.cpu(), parts.logits.cpu())

    def paint(self, batch: SceneBatch, parts: SceneParts, *, seed: int | Sequence[int]) -> Float[Tensor, "b 3 h w"]:
        """Images of scenes whose parts are known, each from the noise of (seed, scene name), on the model's device.
        `seed`: of all of them, or one each.
        """
        return self._images(batch, parts, batch_noise(self.synthesis, batch.size, seed, batch.names))

    def images(self, scenes: Sequence[Scene], seeds: Sequence[int]) -> Iterator[Float[Tensor, "b 3 h w"]]:
        """For each seed the images of all scenes, whose parts are inferred once. Objects without supports have none."""
        batch = SceneBatch.from_scenes([self.without_missing_supports(scene) for scene in scenes]).to(self.device)
        parts = self.infer_parts(batch)
        for seed in seeds:
            yield self.paint(batch, parts, seed=seed)

    def _images(self, batch: SceneBatch, parts: SceneParts, noise: SceneNoise) -> Float[Tensor, "b 3 h w"]:
        like = next(self.generator.parameters())
        with torch.no_grad():
            images: Tensor = self.generator(
                batch.label,
                (parts.features if self.synthesis.part_tensor == "features" else parts.logits).to(like),
                parts.mask,
                z=noise.z.to(like),
                part_noise=noise.part_noise.to(like),
            )
        return images.float()
