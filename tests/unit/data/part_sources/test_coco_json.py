"""Polygons and run lengths become the masks that COCO's own code makes of them."""

import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from helpers.published_parts import compressed_runs, run_lengths
from ipose.data.part_sources.coco_json import decode_segmentation, run_lengths_of
from ipose.errors import DataError
from ipose.testing import law

pytest.importorskip("pycocotools", reason='pip install "ipose[data]" brings pycocotools')

masks = st.tuples(st.integers(1, 9), st.integers(1, 70), st.integers(0, 2**30), st.sampled_from([0.0, 0.1, 0.6, 1.0]))


def drawn(height, width, seed, share) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).random((height, width)) < share)


class TestDecodeSegmentation:
    """All ways to write a mask."""

    @law(mask=masks)
    def test_run_lengths_are_the_way_back(self, mask):
        pixels = drawn(*mask)
        size = (pixels.shape[0], pixels.shape[1])
        for runs in (compressed_runs(pixels), {"size": list(size), "counts": run_lengths(pixels)}):
            assert (decode_segmentation(runs, size) == pixels.numpy()).all()

    @law(mask=masks)
    def test_the_compressed_code_is_cocos(self, mask):
        pixels = drawn(*mask)
        assert run_lengths_of(compressed_runs(pixels)["counts"]) == run_lengths(pixels)

    def test_several_polygons_are_one_mask(self):
        squares = [[0, 0, 4, 0, 4, 4, 0, 4], [6.0, 6.0, 9.0, 6.0, 9.0, 9.0, 6.0, 9.0]]
        pixels = decode_segmentation(squares, (10, 12))
        assert pixels.shape == (10, 12)
        assert (pixels[:4, :4].sum(), pixels[6:9, 6:9].sum(), pixels.sum()) == (16, 9, 25)

    @pytest.mark.parametrize("counts", ["zzzz", "5\n", "é", "o", "1"])
    def test_a_damaged_code_is_refused(self, counts):
        with pytest.raises(DataError, match=r"run lengths that (cannot be decoded|do not fill the image)"):
            decode_segmentation({"size": [9, 9], "counts": counts}, (9, 9))
