"""The encoder: a code for each class, from its own pixels alone."""

import pytest
import torch

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.groupdnet.codes import class_code, with_class_code
from ipose.groupdnet.encoder import Encoder
from ipose.testing.network_contract import NetworkContract

from .conftest import small


class TestEncoder(NetworkContract):
    """Encoder: image and label map in, mean and log variance of every class's code out."""

    def make(self):
        return Encoder(small())

    def inputs(self, batch):
        return torch.rand(batch, 3, 32, 16) * 2 - 1, torch.randint(0, 4, (batch, 32, 16))

    def test_its_biases_begin_at_0(self):
        assert not any(p.any() for name, p in self.make().named_parameters() if name.endswith("bias"))


class TestIsolation:
    """Changing the image of class c changes channels of class c and no other, in eval mode and in training."""

    @pytest.mark.parametrize("training", [False, True])
    def test_a_classes_image_changes_its_own_code_alone(self, training, image, label):
        encoder = Encoder(small()).requires_grad_(False).train(training)
        state = {name: value.clone() for name, value in encoder.state_dict().items()}
        before = encoder(image, label)
        for number in range(4):
            encoder.load_state_dict(state)
            changed = torch.where((label == number)[:, None], torch.rand_like(image), image)
            after = encoder(changed, label)
            for code_before, code_after in zip(before, after, strict=True):
                differs = (code_before != code_after)[0].any((-2, -1)).view(4, 3).all(1)
                assert differs.tolist() == [c == number for c in range(4)]
                assert not (code_before != code_after)[0].view(4, 3, -1)[[c for c in range(4) if c != number]].any()

    def test_an_absent_classes_code_is_the_bias_of_the_heads(self, image, label):
        encoder = Encoder(small())
        for head in (encoder.mean, encoder.log_variance):
            torch.nn.init.normal_(head.bias)
        for code, head in zip(encoder(image, label), (encoder.mean, encoder.log_variance), strict=True):
            own, bias = class_code(code, 3, 4)[1], class_code(head.bias[None], 3, 4)[0]
            torch.testing.assert_close(own, bias[:, None, None].expand_as(own))

    def test_without_split_every_class_sees_the_whole_image(self, image, label):
        encoder = Encoder(small(class_images="whole"))
        changed = torch.where((label == 0)[:, None], torch.rand_like(image), image)
        differs = (encoder(image, label).mean != encoder(changed, label).mean).any((0, 2, 3))
        assert differs.all()


class TestForms:
    """Every variant of the config gives codes that its decoder can read."""

    def test_codes_have_the_shape_of_the_config(self, variant, image, label):
        codes = Encoder(variant)(image, label)
        grid = {"map": (2, 1), "pooled": (1, 1), "vector": ()}[variant.code]
        assert codes.mean.shape == codes.log_variance.shape == (2, variant.z_channels, *grid)

    def test_a_sample_is_mean_plus_noise_times_the_standard_deviation(self, image, label):
        codes = Encoder(small())(image, label)
        assert torch.equal(codes.sample(torch.zeros_like(codes.mean)), codes.mean)
        torch.testing.assert_close(
            codes.sample(torch.ones_like(codes.mean)), codes.mean + codes.log_variance.exp().sqrt()
        )

    def test_a_size_that_does_not_halve_is_refused(self):
        with pytest.raises(ShapeMismatchError, match=r"of 30x16, expected .* multiples of 16"):
            Encoder(small())(torch.zeros(1, 3, 30, 16), torch.zeros(1, 30, 16, dtype=torch.int64))

    def test_a_size_that_halves_to_one_pixel_is_refused_because_codes_would_not_depend_on_the_image(self, image, label):
        image, label = image[..., :16, :], label[:, :16]
        with pytest.raises(ShapeMismatchError, match=r"found 16x16, expected one side of 32 .* instance norm is 0"):
            Encoder(small())(image, label)
        encoder = Encoder(small(norm="group"))
        assert not torch.equal(encoder(image, label).mean, encoder(-image, label).mean)


class TestClassCodes:
    """class_code and with_class_code: class c owns channels kc .. kc + k - 1."""

    def test_one_class_from_another_code(self):
        code, other = torch.zeros(1, 8, 2, 2), torch.ones(1, 8, 2, 2)
        mixed = with_class_code(code, 2, other, 4)
        assert mixed.mean((0, 2, 3)).tolist() == [0, 0, 0, 0, 1, 1, 0, 0]
        assert with_class_code(code, (0, 3), other, 4).mean((0, 2, 3)).tolist() == [1, 1, 0, 0, 0, 0, 1, 1]
        assert not code.any()

    @pytest.mark.parametrize("of", [-1, 4])
    def test_another_class_is_refused(self, of):
        with pytest.raises(ConfigError, match=rf"no such class: found {of}, expected 0\.\.3"):
            class_code(torch.zeros(1, 8, 2, 2), of, 4)

    def test_a_code_of_another_class_count_is_refused(self):
        with pytest.raises(ShapeMismatchError, match="found 10 channels, expected a multiple of the 4 classes"):
            class_code(torch.zeros(1, 10, 2, 2), 0, 4)
