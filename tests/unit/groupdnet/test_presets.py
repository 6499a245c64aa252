"""The presets have the published numbers of parameters, and a config that cannot work says why."""

import json
from dataclasses import asdict

import pytest
import torch

from ipose.configs import config_from_plain
from ipose.errors import ConfigError
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.discriminator import MultiScaleDiscriminator
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.presets import PRESETS, GroupDNetConfig, for_classes, preset
from ipose.groupdnet.published import published

PUBLISHED = {
    "deepfashion": (96_324_451, 12_835_712, 5_544_066),
    "cityscapes": (76_501_358, 5_768_210, 5_601_410),
    "ade20k": (66_458_715, 4_411_012, 5_836_930),  # the release stores 1,868,... more, in a block that it never calls
}
SUMS = {
    "deepfashion": 109_160_163,
    "deepfashion-vspade": 106_808_707,
    "deepfashion-groupenc": 105_561_155,
    "deepfashion-groupdec": 111_312_387,
    "deepfashion-groupnet": 97_693_379,
}


def parameters(network, config):
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in network(config).parameters())


class TestPublishedSizes:
    """Counted on the meta device: table 1 (encoder and decoder together), and the released checkpoints."""

    @pytest.mark.parametrize("name", SUMS)
    def test_encoder_and_decoder_of_table_1(self, name):
        config = preset(name)
        assert parameters(Encoder, config) + parameters(Decoder, config) == SUMS[name]

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_each_network_of_the_release(self, name):
        networks = (Decoder, Encoder, MultiScaleDiscriminator)
        assert tuple(parameters(network, preset(name)) for network in networks) == PUBLISHED[name]

    def test_the_small_models_are_of_equal_size(self):
        """So that what differs between them is how classes are kept apart, not how much they can hold."""
        sizes = []
        for name in (name for name in PRESETS if name.startswith("fashion-small")):
            config = preset(name)
            sizes.append(parameters(Encoder, config) + parameters(Decoder, config))
        assert len(sizes) == 5
        assert max(sizes) < 1.03 * min(sizes)


class TestPresets:
    """Every preset is a config that checks out; the latent grid is that of the paper."""

    @pytest.mark.parametrize("name", PRESETS)
    def test_passes_its_own_checks_and_survives_json(self, name):
        config = preset(name)
        assert config_from_plain(GroupDNetConfig, json.loads(json.dumps(asdict(config)))) == config

    def test_ade20k_is_enlarged_to_286_and_cropped_to_256(self):
        assert (preset("ade20k").loaded, preset("ade20k").crop) == ((286, 286), (256, 256))
        assert (preset("cityscapes").loaded, preset("cityscapes").crop) == ((256, 512), None)

    def test_latent_grids(self):
        assert preset("deepfashion").start == preset("ade20k").start == (4, 4)
        assert preset("cityscapes").start == (4, 8)

    def test_the_kl_of_an_image_counts_as_often_as_a_device_of_the_published_training_has_images(self):
        assert preset("deepfashion", batch_size=24, kl_devices=3).kl_images == 8
        assert preset("deepfashion", batch_size=2, kl_devices=4).kl_images == 0.5
        assert preset("deepfashion", batch_size=24, kl="mean").kl_images == 1

    def test_a_code_has_its_channels_for_each_class_unless_it_is_one_vector(self):
        assert preset("deepfashion", code_channels=6).z_channels == 6 * 8
        assert preset("deepfashion-vspade").z_channels == 256

    def test_another_name_is_refused(self):
        with pytest.raises(ConfigError, match=r"deepfashion \| cityscapes"):
            preset("deepfashoin")

    def test_another_field_is_refused(self):
        with pytest.raises(ConfigError, match="no such field: found grups"):
            preset("deepfashion", grups=(1,))


class TestForClasses:
    """for_classes: settings of a preset for data with any number of classes."""

    @pytest.mark.parametrize("name", PRESETS)
    def test_fits_every_preset_to_any_number_of_classes(self, name):
        for classes in (1, 2, 7, 8, 20, 23, 151, 183):
            fitted = for_classes(preset(name), classes)  # which checks itself
            assert fitted.num_classes == classes
            assert all(classes % count == 0 for count in fitted.decoder_groups) or fitted == preset(name)
            grown = zip(fitted.decoder_channels, preset(name).decoder_channels, strict=True)
            assert all(0 <= width - old < classes for width, old in grown)

    @pytest.mark.parametrize(
        ("classes", "groups"),
        [
            (8, (8, 8, 4, 4, 2, 2, 1)),
            (16, (8, 8, 4, 4, 2, 2, 1)),
            (12, (12, 12, 6, 6, 3, 3, 1)),
            (7, (7, 7, 1, 1, 1, 1, 1)),
        ],
    )
    def test_groups_that_divide_stay_and_others_keep_their_share(self, classes, groups):
        assert for_classes(preset("deepfashion"), classes).decoder_groups == groups

    def test_what_has_no_groups_stays(self):
        assert for_classes(preset("deepfashion-vspade"), 23) == preset("deepfashion-vspade", num_classes=23)


class TestWrongSettings:
    """Each is one sentence that names the field and what would do."""

    def test_a_group_list_that_does_not_divide_explains_itself(self):
        with pytest.raises(ConfigError) as caught:
            preset("deepfashion", decoder_groups=(8, 8, 4, 4, 3, 2, 1))
        text = str(caught.value)
        assert "[decoder_groups] block 5 of the decoder (1280 to 640 channels, 3 groups) cannot be split" in text
        assert "its input has 1280 channels, which 3 groups do not divide" in text
        assert "\n" not in text

    def test_a_group_list_that_does_not_divide_the_hidden_layer(self):
        with pytest.raises(ConfigError, match="the hidden layer of its CG-Norms has 20 channels, which 8 groups"):
            preset("deepfashion", modulation_hidden=20)

    def test_a_group_list_that_does_not_divide_the_classes(self):
        with pytest.raises(ConfigError, match="the label map has 7 channels, which 8 groups do not divide"):
            preset("deepfashion", num_classes=7)

    def test_a_map_of_one_pixel_is_fine_for_a_group_norm_and_two_pixels_for_an_instance_norm(self):
        assert preset("deepfashion", height=64, width=64, norm="group").start == (1, 1)
        assert preset("deepfashion", height=64, width=128).start == (1, 2)

    def test_the_first_width_is_a_multiple_of_the_classes_where_the_first_layer_is_grouped_by_them(self):
        one = {"decoder_groups": (1,) * 7, "decoder_channels": (1004, *preset("deepfashion").decoder_channels[1:])}
        with pytest.raises(ConfigError, match=r"\[decoder_channels\].*found 1004.*multiple of the 8 classes"):
            preset("deepfashion", **one)
        assert preset("deepfashion", **one, first_grouped=False).decoder_channels[0] == 1004
        vector = {"code": "vector", "encoder_grouped": False, "class_images": "whole"}
        assert preset("deepfashion", **one, **vector).decoder_channels[0] == 1004

    def test_free_lists_work(self):
        config = preset("deepfashion", decoder_groups=(8, 4, 8, 2, 1, 4, 1))
        assert config.decoder_groups == (8, 4, 8, 2, 1, 4, 1)

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"decoder_groups": (8, 8)}, "expected 7 groups"),
            ({"decoder_groups": (8, 8, 0, 4, 2, 2, 1)}, "a group number below 1"),
            ({"encoder_channels": (32, 64)}, "6 widths: as many halvings as the decoder doubles"),
            ({"height": 100}, r"\[height\].*multiple of 64"),
            ({"decay_epochs": 101}, r"\[decay_epochs\].*at most 100"),
            ({"beta2": 1.0}, r"\[beta2\]"),
            ({"load_size": 200}, r"\[load_size\].*0, or at least 256, to cut 256x256 from"),
            ({"height": 64, "width": 64}, r"\[height\].*64x64, expected one side of 128 or more, fewer blocks"),
            ({"batch_size": 0}, r"\[batch_size\]"),
        ],
    )
    def test_a_value_that_cannot_work_is_named(self, settings, words):
        with pytest.raises(ConfigError, match=words):
            preset("deepfashion", **settings)


class TestPublished:
    """The three published presets have the paper's numbers, or the release's where that made the checkpoints."""

    FOLLOWS_RELEASE = frozenset(
        {"class_images", "modulation_form", "activation", "spectral_norm", "init", "modulation", "edges", "num_classes"}
        | {"decoder_groups", "encoder_channels"}
    )

    @pytest.mark.parametrize("name", ["deepfashion", "cityscapes", "ade20k"])
    def test_differences_are_those_of_the_list(self, name):
        config, known = preset(name), published(name)
        assert set(known) == set(GroupDNetConfig.__dataclass_fields__)
        off = {n for n, said in known.items() if said.paper is not None and said.paper != getattr(config, n)}
        assert off <= self.FOLLOWS_RELEASE
        off = {n for n, said in known.items() if said.release is not None and said.release != getattr(config, n)}
        assert off == {"batch_size"}

    def test_group_lists_are_those_of_table_4(self):
        assert preset("deepfashion").decoder_groups == (8, 8, 4, 4, 2, 2, 1)
        assert preset("cityscapes").decoder_groups == (35, 35, 20, 14, 10, 4, 1)
        assert preset("ade20k").decoder_groups == (151, 16, 16, 8, 4, 2, 1)  # and 1 for the block that is never called
