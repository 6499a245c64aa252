"""Claims about named protocols."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.data.specs import load_spec
from ipose.errors import ConfigError
from ipose.evaluation.protocols import (
    PROTOCOLS,
    SEGMENTER_PROTOCOLS,
    EvaluationProtocol,
    beside_the_papers,
    object_crop,
    protocol_named,
    resized,
    segmenter_resize,
)
from ipose.types import Box

CHECKER = ((torch.arange(8)[:, None] + torch.arange(8)) % 2 * 255).to(torch.uint8).expand(3, 8, 8).contiguous()


class TestProtocols:
    """A protocol fixes the resizing, and says so."""

    @pytest.mark.parametrize("name", PROTOCOLS)
    def test_a_name_leads_to_the_protocol_of_that_name(self, name):
        assert protocol_named(name).name == name

    def test_no_two_say_the_same(self):
        assert len({protocol.resize() for protocol in PROTOCOLS.values()}) == len(PROTOCOLS)

    def test_inceptions_input_is_mentioned_where_inception_looks(self):
        protocol = protocol_named("images-antialiased")
        assert "299x299 antialiased" in protocol.resize()
        assert "299" not in protocol.resize(inception=False)

    def test_another_name_is_answered_with_the_names_there_are(self):
        with pytest.raises(ConfigError, match="objects-128"):
            protocol_named("fid")

    def test_an_image_of_the_right_size_stays_bit_for_bit(self):
        assert torch.equal(resized(CHECKER, (8, 8), protocol_named("images")), CHECKER)

    def test_antialiasing_turns_a_checkerboard_grey_and_its_absence_does_not(self):
        smooth = EvaluationProtocol(name="a", interpolation="bilinear")
        rough = EvaluationProtocol(name="b", interpolation="bilinear", antialias=False)
        assert resized(CHECKER, (3, 3), smooth).float().std() < 20 < resized(CHECKER, (3, 3), rough).float().std()

    def test_images_shrink_as_pillow_shrinks_them_bicubically(self):
        noise = torch.randint(0, 256, (3, 24, 30), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
        picture = Image.fromarray(noise.permute(1, 2, 0).numpy()).resize((13, 11), Image.Resampling.BICUBIC)
        found, expected = resized(noise, (11, 13), protocol_named("images")), torch.from_numpy(np.array(picture))
        away = found.permute(1, 2, 0).int() - expected.int()
        assert away.abs().max() <= 1
        assert abs(float(away.float().mean())) < 0.1  # both round to the nearest step

    def test_objects_are_compared_at_128_pixels_where_their_boxes_have_3(self):
        protocol = protocol_named("objects-128")
        assert (protocol.level, protocol.size, protocol.min_side_px) == ("objects", (128, 128), 3)

    def test_overshoot_of_bicubic_is_clipped_and_does_not_wrap(self):
        step = torch.zeros(3, 8, 8, dtype=torch.uint8)
        step[:, :, 4:] = 255
        large = resized(step, (32, 32), protocol_named("images"))
        assert large[:, :, :12].max() < 60
        assert large[:, :, 20:].min() > 195

    def test_a_crop_holds_both_ends_of_the_box_and_nothing_beyond_the_image(self):
        image = torch.arange(64, dtype=torch.uint8).reshape(8, 8).expand(3, 8, 8)
        assert object_crop(image, Box(2, 4, 1, 5)).shape == (3, 3, 5)
        assert object_crop(image, Box(2, 4, 1, 5))[0, 0, 0] == 2 * 8 + 1
        assert object_crop(image, Box(6, 8, 0, 4)).shape == (3, 2, 5)


NAMES = {
    "cityscapes": ("DRN-D-105", 19),
    "cityscapes-trainids": ("DRN-D-105", 19),
    "ade20k": ("UperNet-101", 150),
    "coco-stuff": ("DeepLab-v2", 182),
    "deepfashion": ("CIHP parser", 8),
}


def said(spec="cityscapes", segmenter="drn_d_105-cityscapes", **changes) -> str:
    known = SEGMENTER_PROTOCOLS[spec]
    options = {"counted": known.class_names, "sizes": [known.size], "images": known.images} | changes
    return beside_the_papers(load_spec(spec), segmenter, **options)


class TestSegmenterProtocols:
    """Each published data set has the segmenter that the papers name, with the number of its classes."""

    @pytest.mark.parametrize("spec", NAMES)
    def test_have_the_papers_networks_and_classes(self, spec):
        protocol = SEGMENTER_PROTOCOLS[spec]
        assert (protocol.network, len(protocol.class_names)) == NAMES[spec]
        assert protocol.class_names <= {item.name for item in load_spec(spec).classes}


class TestBesideThePapers:
    """A card says "as published", or what is missing for it. That the input size is not published, it always says."""

    def test_what_is_as_published_is_called_so(self):
        assert said() == (
            "as published: DRN-D-105, 19 classes, 500 images of 256x512 "
            "(iPOSE sec. 4.1, GroupDNet sec. 4.3; its input size is not published)"
        )

    def test_of_deepfashion_it_says_that_merging_and_list_are_unknown(self):
        assert said("deepfashion", "cihp_parser").endswith(
            "how its classes are merged, and the list of images are not published)"
        )

    @pytest.mark.parametrize(
        ("changes", "missing"),
        [
            ({"segmenter": "upernet101"}, "the file upernet101 has not this network's name"),
            ({"counted": [item.name for item in load_spec("cityscapes").classes]}, "16 more classes count"),
            ({"counted": ["road"]}, "18 of its classes do not count"),
            ({"images": 12}, "12 images"),
            ({"sizes": [(64, 128)]}, "images of 64x128"),
        ],
    )
    def test_each_thing_that_is_missing_is_named(self, changes, missing):
        assert said(**changes).startswith("not as published, DRN-D-105, 19 classes, 500 images of 256x512")
        assert said(**changes).endswith(f": {missing}")

    def test_of_other_data_nothing_is_said(self):
        own = replace(load_spec("cityscapes"), name="street")
        assert beside_the_papers(own, "drn", ["road"], [(8, 8)], 1) is None


class TestSegmenterResize:
    """The resizing in words."""

    def test_names_the_size_that_the_segmenter_sees_where_it_is_another(self):
        assert "1024x2048 for the segmenter, bilinear" in segmenter_resize((1024, 2048))
        assert "segmenter" not in segmenter_resize(None)
