"""For use: scenes in, images out; saved and loaded as one folder. It is an `ipose.systems.scene_models.SceneModel`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.label_spec import LabelSpec
from ipose.model_folder import ModelFolder, ModelKind, open_model
from ipose.model_writing import write_model
from ipose.seeds import named_generator
from ipose.types import Scene, SceneBatch
from safm_toy.config import SafmConfig
from safm_toy.network import Conditions, Generator

KIND = ModelKind("safm", "SAFM", "ipose train safm")


class Safm:
    """A trained generator with the spec of its label maps."""

    def __init__(self, generator: Generator, spec: LabelSpec) -> None:
        self.generator, self.spec, self.conditions = generator.eval(), spec, Conditions(generator.config)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) that it was trained at."""
        return self.generator.config.height, self.generator.config.width

    def to(self, device: torch.device | str) -> "Safm":
        """Move it."""
        self.generator.to(device)
        return self

    @torch.no_grad()
    def images(self, scenes: Sequence[Scene], seeds: Sequence[int]) -> Iterator[Float[Tensor, "b 3 h w"]]:
        """For each seed the images of all scenes; noise is of (seed, scene's name)."""
        device = next(self.generator.parameters()).device
        conditions = self.conditions(SceneBatch.from_scenes(scenes).to(device))
        for seed in seeds:
            noise = [self._noise(seed, scene.name) for scene in scenes]
            yield self.generator(conditions, torch.stack(noise).to(device))

    def _noise(self, seed: int, name: str) -> Float[Tensor, " z"]:
        return torch.randn(self.generator.config.z_channels, generator=named_generator(seed, name))

    def save_pretrained(self, folder: Path) -> None:
        """Write a model folder: config.json, model.safetensors, dataset.toml."""
        weights = {"model.safetensors": self.generator.state_dict()}
        write_model(folder, KIND, {"safm": asdict(self.generator.config)}, weights, spec=self.spec)

    @classmethod
    def from_pretrained(cls, path: Path | ModelFolder) -> "Safm":
        """Of a run, or of its model folder. Raises RunError where there is none."""
        model = open_model(path, KIND)
        with model.reading("SAFM generator"):
            generator = Generator(config_from_plain(SafmConfig, model.config["safm"]))
            generator.load_state_dict(model.weights("model.safetensors"))
        return cls(generator, model.spec())
