"""Claims about named protocols."""

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.errors import ConfigError
from ipose.evaluation.protocols import PROTOCOLS, EvaluationProtocol, object_crop, protocol_named, resized
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
