"""Claims about the papers' segmenters."""

from dataclasses import replace

import pytest

from ipose.data.specs import load_spec
from ipose.evaluation.segmenter_protocols import SEGMENTER_PROTOCOLS, beside_the_papers, segmenter_resize

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
