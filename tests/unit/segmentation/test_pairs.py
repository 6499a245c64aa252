"""A segmenter learns from pairs that the generator draws for one step alone."""

import pytest
import torch

from ipose.errors import ConfigError, RunError
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.saved_segmenter import load_part_segmenter, save_part_segmenter, stored_part_names
from ipose.segmentation.pairs import NoiseSource, PartSegmenterObjective, draw_pairs
from ipose.segmentation.part_segmenter import PartSegmenter, imagenet_weights
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig
from ipose.testing.tiny_ganseg import TINY_GANSEG

SMALL = "lraspp_mobilenet_v3_large"


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    return GANSegGenerator(TINY_GANSEG).eval()


@pytest.fixture(scope="module")
def segmenter():
    torch.manual_seed(0)
    return PartSegmenter(3, SMALL, enlarge=2).eval()


class TestPairs:
    """Image and part map are two views of one output; background is 0."""

    def test_the_map_is_the_likeliest_channel_with_the_background_first(self, generator):
        noise = numbered_noise(TINY_GANSEG, 0, range(2))
        image, target = draw_pairs(generator, noise)
        with torch.no_grad():
            output = generator(*noise)
        assert torch.equal(image, output.image)
        winner = output.mask.argmax(1)
        assert torch.equal(target == 0, winner == 3)
        assert torch.equal(target == 2, winner == 1)

    def test_every_item_of_every_epoch_is_another(self):
        source = NoiseSource(TINY_GANSEG, 10)
        drawn = [source.item(0, torch.Generator().manual_seed(seed))[1].points for seed in (1, 2)]
        assert not torch.equal(*drawn)
        assert len(source) == 10

    def test_a_batch_holds_its_items(self):
        source = NoiseSource(TINY_GANSEG, 10)
        items = [source.item(i, torch.Generator().manual_seed(i)) for i in range(3)]
        batch = source.collate(items, torch.Generator())
        assert batch.names == ("0", "1", "2")
        assert torch.equal(batch.noise.parts[1], items[1][1].parts[0])


class TestObjective:
    """One phase, two terms; the generator stays as it is."""

    def test_the_segmenter_learns_and_the_generator_does_not(self, generator, segmenter):
        objective = PartSegmenterObjective(segmenter.train(), generator, PartSegmenterConfig(batch_size=2))
        source = NoiseSource(TINY_GANSEG, 4)
        batch = source.collate([source.item(i, torch.Generator().manual_seed(i)) for i in range(2)], torch.Generator())
        (phase,) = objective.phases(batch, torch.Generator())
        losses = phase.losses()
        assert losses.keys() == {"cross_entropy", "dice"}
        sum(losses.values()).backward()
        assert any(parameter.grad.any() for parameter in segmenter.parameters() if parameter.grad is not None)
        assert not any(parameter.requires_grad for parameter in generator.parameters())
        assert objective.networks.keys() == {"segmenter"}
        segmenter.zero_grad(set_to_none=True)
        segmenter.eval()


class TestPartSegmenter:
    """Any network of torchvision, its answer at the image's size."""

    def test_logits_of_background_and_parts_at_the_images_size(self, segmenter):
        image = torch.zeros(1, 3, 32, 48)
        assert segmenter(image).shape == (1, 4, 32, 48)
        assert segmenter.part_map(image).dtype == torch.uint8

    def test_another_name_is_refused_with_those_that_there_are(self):
        with pytest.raises(ConfigError, match=r"found unet, expected deeplabv3_mobilenet.*lraspp"):
            PartSegmenter(3, "unet")

    def test_a_backbone_is_loaded_whole_or_refused(self, segmenter):
        backbone = segmenter.model.backbone.state_dict()
        loaded = PartSegmenter(5, SMALL, backbone)
        assert all(torch.equal(value, backbone[name]) for name, value in loaded.model.backbone.state_dict().items())
        with pytest.raises(ConfigError, match=r"are of another backbone.*tensors missing.*Get https.*mobilenet_v3"):
            PartSegmenter(5, SMALL, {"conv1.weight": torch.zeros(1)})

    def test_a_backbone_is_taken_from_imagenets_file_as_published(self, segmenter):
        """MobileNet's file says `features.`, older files lack the counters, and the head is of no use."""
        backbone = segmenter.model.backbone.state_dict()
        published = {f"features.{name}": value for name, value in backbone.items() if "num_batches" not in name}
        loaded = PartSegmenter(5, SMALL, {**published, "classifier.0.weight": torch.zeros(1)}).model.backbone
        assert all(torch.equal(loaded.state_dict()[name[9:]], value) for name, value in published.items())

    @pytest.mark.parametrize(
        ("network", "file"), [("deeplabv3_resnet50", "resnet50-0676ba61"), (SMALL, "mobilenet_v3_large-8738ca79")]
    )
    def test_where_imagenets_weights_are(self, network, file):
        assert imagenet_weights(network) == f"https://download.pytorch.org/models/{file}.pth"

    def test_comes_back_from_its_model_folder(self, segmenter, tmp_path):
        save_part_segmenter(tmp_path / "model", segmenter, 32)
        found = load_part_segmenter(tmp_path)
        assert found.part_names == ("part 1", "part 2", "part 3")
        assert found.image_size == 32
        image = torch.rand(1, 3, 32, 32)
        assert torch.equal(found.network(image), segmenter(image))

    def test_what_is_none_is_refused(self, tmp_path):
        with pytest.raises(RunError, match=r"no part segmenter here.*train part-segmenter --pairs"):
            load_part_segmenter(tmp_path)
        (tmp_path / "config.json").write_text('{"format": "ipose-ganseg"}')
        with pytest.raises(RunError, match=r"another system: found ipose-ganseg"):
            load_part_segmenter(tmp_path)
        (tmp_path / "config.json").write_text("[]")
        for read in (load_part_segmenter, stored_part_names):
            with pytest.raises(RunError, match=r"cannot be read.*Copy the"):
                read(tmp_path)

    def test_names_of_parts_are_known_without_the_weights(self, segmenter, tmp_path):
        save_part_segmenter(tmp_path, segmenter, 32, ["head", "body", "arm"])
        (tmp_path / "segmenter.safetensors").unlink()
        assert stored_part_names(tmp_path) == ("head", "body", "arm")

    @pytest.mark.parametrize("wrong", [{"batch_size": 1}, {"enlarge": 0}, {"learning_rate": 0.0}])
    def test_settings_that_cannot_work(self, wrong):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            PartSegmenterConfig(**wrong)
