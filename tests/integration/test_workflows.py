"""The workflows from Python, and starting from another run's weights."""

import pytest
import torch

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.partnet.pretrained import load_partnet
from ipose.pipeline import IPose, generator_weights
from ipose.testing.tiny_scenes import write_scenes
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.metrics import read_metrics
from ipose.types import SceneBatch

PASSES = 3
"""Batches that the tiny runs estimate from (`few_passes`)."""


@pytest.fixture(scope="module")
def other_classes(tmp_path_factory):
    """A data set of 5 classes, where the tiny model has PartWorld's."""
    folder = tmp_path_factory.mktemp("other") / "scenes"
    for split in ("train", "val"):
        write_scenes(folder, split, 3, size=(64, 64))
    return folder


class TestStartingFromAnotherRun:
    """`--init RUN`: weights that fit are taken, the others start anew, and one line says which."""

    def test_a_generator_is_fine_tuned_on_other_classes(self, ipose, tiny, other_classes, tmp_path):
        still = ["--steps", 1, "--lr-generator", 1e-12, "--ema-decay", 0, "--seed", 9]
        words = [*tiny.train_synthesis, "--data", other_classes, "--init", tiny.synthesis, *still]
        done = ipose(*words, "--out", tmp_path / "run")
        assert done.code == 0, done.err
        assert f"From {tiny.synthesis}: " in done.out
        assert "other shapes: " in done.out
        before, after = generator_weights(tiny.synthesis), generator_weights(tmp_path / "run")
        assert before["first.weight"].shape[1] > after["first.weight"].shape[1]  # the classes enter here
        weights = [name for name in before if name.startswith(("to_image", "part_input")) and "running" not in name]
        assert len(weights) > 3
        for name in weights:
            torch.testing.assert_close(after[name], before[name])
        assert IPose.from_pretrained(tmp_path / "run").spec.name == "tiny"

    @pytest.mark.parametrize("kind", ["partnet", "synthesis"])
    def test_partnet_starts_from_either_kind_of_run(self, ipose, tiny, tmp_path, kind):
        still = ["--steps", 1, "--learning-rate", 1e-12, "--ema-decay", 0, "--seed", 9]
        done = ipose(*tiny.train_partnet, *still, "--init", getattr(tiny, kind), "--out", tmp_path / "run")
        assert done.code == 0, done.err
        before, after = load_partnet(tiny.partnet).partnet, load_partnet(tmp_path / "run").partnet
        for name, value in before.state_dict().items():
            torch.testing.assert_close(after.state_dict()[name], value)

    def test_without_init_a_run_starts_from_its_own_seed(self, ipose, tiny, tmp_path):
        still = ["--steps", 1, "--learning-rate", 1e-12, "--ema-decay", 0, "--seed", 9]
        assert ipose(*tiny.train_partnet, *still, "--out", tmp_path / "run").code == 0
        before, after = load_partnet(tiny.partnet).partnet, load_partnet(tmp_path / "run").partnet
        assert not torch.allclose(next(after.parameters()), next(before.parameters()))


class TestWhatARunLeaves:
    """Losses of both networks; a model whose batch norms fit its weights."""

    def test_every_step_is_logged_with_the_losses_of_both_networks(self, tiny):
        records = [record for record in read_metrics(tiny.synthesis / "metrics.jsonl") if "losses" in record]
        assert [record["step"] for record in records] == [1, 2, 3, 4]
        assert records[0]["losses"].keys() == {"generator", "discriminator"}
        assert records[0]["images_per_second"] > 0

    def test_the_model_brings_the_partnet_that_it_was_trained_with(self, tiny):
        model, trained = IPose.from_pretrained(tiny.synthesis), load_partnet(tiny.partnet)
        for name, value in trained.partnet.state_dict().items():
            assert torch.equal(model.partnet.state_dict()[name], value)
        assert load_partnet(tiny.synthesis).sha256 == trained.sha256

    def test_batch_norm_statistics_are_those_of_the_saved_weights(self, tiny):
        model = IPose.from_pretrained(tiny.synthesis)
        data = DataConfig(categories=("car", "dog"), objects=(2, 2), scenes=8, val_scenes=2, scene_size=64)
        scenes, numbers = open_scenes(data, "train", (64, 64)), iter(range(PASSES))

        def forward():
            number = next(numbers)
            batch = SceneBatch.from_scenes([scenes[2 * number], scenes[2 * number + 1]])
            model.paint(batch, model.infer_parts(batch), seed=number)

        saved = {name: value.clone() for name, value in model.generator.state_dict().items() if "running" in name}
        assert saved
        reestimate_batch_norm(model.generator, forward, PASSES)
        for name, value in saved.items():
            torch.testing.assert_close(model.generator.state_dict()[name], value, rtol=0.02, atol=1e-3)
