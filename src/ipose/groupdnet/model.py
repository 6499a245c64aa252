"""GroupDNet for use: from a scene to an image, with codes that are drawn, read from photographs or mixed. Saved as one
folder."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.errors import ConfigError, DataError, ShapeMismatchError
from ipose.groupdnet.codes import Codes
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.label_spec import LabelSpec
from ipose.model_folder import EXTRAS, ModelFolder, ModelKind, open_model
from ipose.model_writing import write_model
from ipose.seeds import named_generator
from ipose.types import Scene, SceneBatch

KIND = ModelKind("ipose-groupdnet", "GroupDNet", "ipose train groupdnet")
WEIGHTS = "model.safetensors"


class GroupDNet:
    """Encoder and decoder of one config, with the label spec of their training. Source: GroupDNet sec. 3.

    Args:
        encoder: trained; put in eval mode.
        decoder: trained; put in eval mode.
        spec: what the class ids mean.

    Example::

        model = GroupDNet.from_pretrained("runs/fashion")   # a run, or its model/ folder
        image = model(scene, seed=7)                        # every class's code drawn from (7, the scene's name)
        again = model.paint([scene], model.encode([scene]).mean)[0]  # the photograph's own codes
    """

    def __init__(self, encoder: Encoder, decoder: Decoder, spec: LabelSpec) -> None:
        if spec.num_classes != decoder.config.num_classes:
            raise ConfigError(
                "spec and decoder differ in their classes", found=spec.num_classes, expected=decoder.config.num_classes
            )
        self.encoder, self.decoder, self.spec = encoder.eval(), decoder.eval(), spec

    @property
    def config(self) -> GroupDNetConfig:
        """Config of both networks."""
        return self.decoder.config

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) that it was trained at."""
        return self.config.height, self.config.width

    @property
    def device(self) -> torch.device:
        """Device of the networks."""
        return next(self.decoder.parameters()).device

    def to(self, device: torch.device | str) -> "GroupDNet":
        """Move the networks."""
        self.encoder.to(device)
        self.decoder.to(device)
        return self

    @torch.no_grad()
    def __call__(self, scene: Scene, *, seed: int = 0) -> Float[Tensor, "3 h w"]:
        """An image in [-1, 1], on the CPU. The code is drawn from (seed, scene name)."""
        return self.paint([scene], self.draw([scene], seed=seed))[0]

    def images(self, scenes: Sequence[Scene], seeds: Sequence[int]) -> Iterator[Float[Tensor, "b 3 h w"]]:
        """For each seed the images of all scenes, on the CPU, with codes drawn from (seed, scene name)."""
        for seed in seeds:
            yield self.paint(scenes, self.draw(scenes, seed=seed))

    def draw(self, scenes: Sequence[Scene], *, seed: int = 0) -> Float[Tensor, "b z *grid"]:
        """Standard normal codes. Each scene's code depends only on (seed, its name)."""
        codes = []
        for scene in scenes:
            grid = self._grid(scene.size)
            codes.append(torch.randn(self.config.z_channels, *grid, generator=named_generator(seed, scene.name)))
        return torch.stack(codes)

    @torch.no_grad()
    def encode(self, scenes: Sequence[Scene]) -> Codes:
        """The codes of the scenes' photographs.

        Raises:
            DataError: a scene without a photograph.
            ShapeMismatchError: a size that the encoder cannot read.
        """
        batch = SceneBatch.from_scenes(scenes).to(self.device)
        if batch.image is None:
            raise DataError("codes are read from photographs", found="a scene without one", file=scenes[0].name)
        codes: Codes = self.encoder(batch.image, batch.label)
        return Codes(codes.mean.cpu(), codes.log_variance.cpu())

    @torch.no_grad()
    def paint(self, scenes: Sequence[Scene], z: Float[Tensor, "b z *grid"]) -> Float[Tensor, "b 3 h w"]:
        """Images in [-1, 1] of label maps with given codes, on the CPU. The scenes have one size."""
        if len({scene.size for scene in scenes}) > 1:
            raise ShapeMismatchError(
                "scenes of one batch must be of one size", mend="Call the model once for each size."
            )
        batch = SceneBatch.from_scenes(scenes).to(self.device)
        images: Tensor = self.decoder(batch.label, z.to(self.device), batch.instance)
        return images.float().cpu()

    def _grid(self, size: tuple[int, int]) -> tuple[int, ...]:
        if self.config.code == "vector":
            return ()
        multiple = self.config.size_multiple
        return (1, 1) if self.config.code == "pooled" else (size[0] // multiple, size[1] // multiple)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write a model folder: config.json, model.safetensors and the spec. One that stands there is replaced."""
        networks = {"encoder": self.encoder, "decoder": self.decoder}
        weights = {f"{name}.{key}": value for name, net in networks.items() for key, value in net.state_dict().items()}
        files = {WEIGHTS: weights, EXTRAS: self.decoder.release_extras}
        write_model(folder, KIND, {"groupdnet_config": asdict(self.config)}, files, spec=self.spec)

    @classmethod
    def from_pretrained(cls, path: str | Path | ModelFolder) -> "GroupDNet":
        """Load a run or its `model/` folder.

        Raises:
            RunError: no model here, one of another system, or a damaged file.
        """
        model = open_model(path, KIND)
        with model.reading("GroupDNet"):
            config = config_from_plain(GroupDNetConfig, model.config["groupdnet_config"])
            encoder, decoder = Encoder(config), Decoder(config)
            weights = model.weights(WEIGHTS)
            for name, network in (("encoder.", encoder), ("decoder.", decoder)):
                own = {key.removeprefix(name): value for key, value in weights.items() if key.startswith(name)}
                network.load_state_dict(own)
        decoder.release_extras = model.extras()
        return cls(encoder, decoder, model.spec())
