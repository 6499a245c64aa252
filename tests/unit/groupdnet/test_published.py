"""What was published about GroupDNet's settings, data set by data set."""

from dataclasses import fields

import pytest

from ipose.configs import Published
from ipose.groupdnet.presets import PRESETS, GroupDNetConfig, preset
from ipose.groupdnet.published import published

DATA_SETS = ("deepfashion", "cityscapes", "ade20k")


class TestPublished:
    """published(preset): each field's value in the paper and in the release, None where one is silent."""

    @pytest.mark.parametrize("name", list(PRESETS))
    def test_tells_of_every_field_and_no_other(self, name):
        assert set(published(name)) == {field.name for field in fields(GroupDNetConfig)}

    @pytest.mark.parametrize(
        ("name", "field", "paper", "release"),
        [
            ("deepfashion", "batch_size", 32, 8),
            ("cityscapes", "batch_size", 32, 4),
            ("ade20k", "batch_size", 16, 4),
            ("cityscapes", "modulation", "block", "class"),
            ("ade20k", "modulation", "block", "class_to_block"),
            ("cityscapes", "edges", False, True),
            ("ade20k", "num_classes", 150, 151),
            ("deepfashion", "class_images", "mask", "crop"),
            ("deepfashion", "activation", "relu", "leaky_relu"),
            ("ade20k", "decoder_groups", (151, 16, 16, 8, 4, 2, 1, 1), (151, 16, 16, 8, 4, 2, 1)),
        ],
    )
    def test_what_stands_in_paper_and_release(self, name, field, paper, release):
        assert published(name)[field] == Published(paper, release)

    @pytest.mark.parametrize("name", DATA_SETS)
    def test_sizes_and_group_lists_are_the_papers_and_the_releases(self, name):
        """But for ADE20K's last block, which the paper lists and the release never calls."""
        known, config = published(name), preset(name)
        same = ("height", "width", "epochs", *(("decoder_groups",) if name != "ade20k" else ()))
        for field in same:
            assert known[field] == Published(getattr(config, field), getattr(config, field))

    @pytest.mark.parametrize("name", DATA_SETS)
    def test_a_preset_leaves_the_release_only_where_that_is_known(self, name):
        """A released number that a preset does not follow is one that it takes from the paper."""
        config = preset(name)
        for field, entry in published(name).items():
            if entry.release is not None and getattr(config, field) != entry.release:
                assert getattr(config, field) == entry.paper, field

    @pytest.mark.parametrize("name", sorted(set(PRESETS) - set(DATA_SETS)))
    def test_of_baselines_and_small_ones_nothing_was_published(self, name):
        assert set(published(name).values()) == {Published()}
