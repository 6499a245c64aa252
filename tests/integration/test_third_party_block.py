"""A stranger's block in place of the PSM block: trained, saved, loaded, and named where it is missing."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.errors import RunError
from ipose.pipeline import IPose
from ipose.synthesis.presets import preset
from ipose.systems.ipose.record import SYSTEM, IPoseOptions
from ipose.systems.training import Task, Trained, train_system

DATA = DataConfig(categories=("car", "dog"), objects=(2, 2), scenes=4, val_scenes=2, scene_size=64)


class Film(nn.Module):
    """Scales features by what map, parts and noise say: no norm, no SPADE; nothing of this project."""

    def __init__(
        self,
        fin: int,
        fout: int,
        *,
        map_channels: int,
        part_channels: int,
        noise_channels: int,
        spade_hidden: int,
        part_hidden: int,
    ) -> None:
        super().__init__()
        self.scale = nn.Conv2d(map_channels + part_channels + noise_channels, fin, 1)
        self.conv = nn.Conv2d(fin, fout, 3, padding=1)

    def forward(self, x: Tensor, semantic_map: Tensor, part: Tensor, mask: Tensor, noise: Tensor) -> Tensor:
        told = torch.cat([semantic_map, mask * part, (1 - mask) * noise], dim=1)
        return F.leaky_relu(self.conv(x * (1 + self.scale(told))), 0.2)


def trained(partnet: Path, folder: Path) -> Trained:
    config = preset(
        "toy",
        channels=2,
        channel_multipliers=(2, 2, 2, 2, 2),
        part_hidden=2,
        part_noise_channels=2,
        z_channels=3,
        discriminator_channels=(3, 4, 4, 4, 4),
        last_decoder_channels=2,
        batch_size=2,
    )
    task = Task(system=SYSTEM, config=config, data=DATA, options=IPoseOptions(partnet=partnet))
    loop = {"steps": 2, "checkpoint_every": 1, "sample_every": 0, "log_every": 1}
    return train_system(task, folder, loop=loop, block=Film, device="cpu")


@pytest.fixture(scope="module")
def result(tiny, tmp_path_factory):
    return trained(tiny.partnet, tmp_path_factory.mktemp("film") / "run")


class TestThirdPartyBlock:
    """`train_system(..., block=...)`."""

    def test_the_generator_is_made_of_it_and_learns(self, result, tiny, tmp_path):
        blocks = list(result.model.generator.blocks)
        assert {type(block) for block in blocks} == {Film}
        again = trained(tiny.partnet, tmp_path / "run")
        scene = open_scenes(DATA, "val", (64, 64))[0]
        assert torch.equal(again.model(scene).image, result.model(scene).image)
        assert result.model(scene).image.std() > 0

    def test_it_is_loaded_by_whoever_brings_it(self, result):
        scene = open_scenes(DATA, "val", (64, 64))[0]
        loaded = IPose.from_pretrained(result.run.folder, block=Film)
        assert torch.equal(loaded(scene, seed=3).image, result.model(scene, seed=3).image)

    def test_without_it_one_sentence_says_what_is_missing(self, result, ipose, tmp_path):
        with pytest.raises(RunError, match=r"blocks of its own: found .*Film.*block="):
            IPose.from_pretrained(result.run.folder)
        done = ipose("generate", tmp_path, "--model", result.run.folder)
        assert done.code == 2
        assert "Film" in done.err

    def test_a_model_of_psm_blocks_starts_from_what_fits(self, result, ipose, tiny, tmp_path):
        words = [*tiny.train_synthesis, "--steps", 1, "--init", result.run.folder, "--out", tmp_path / "run"]
        done = ipose(*words)
        assert done.code == 0, done.err
        assert "missing there: blocks.0." in done.out
