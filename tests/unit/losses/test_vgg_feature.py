"""The perceptual loss: a weighted L1 distance between VGG-19's features of fakes and of real images."""

import pytest
import torch
from torch import Tensor, nn

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.losses import VGGFeatureLoss, tiny_vgg, tiny_vgg_loss, vgg_feature_loss, vgg_features
from ipose.losses.vgg_feature import VGG19_LAYERS
from ipose.reference.vgg_feature import vgg_feature_loss as literal_vgg_feature_loss


def images(seed: int, size: tuple[int, int] = (32, 48), count: int = 2) -> Tensor:
    return torch.rand(count, 3, *size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def convolutions(layers: nn.Sequential) -> list[tuple[Tensor, Tensor]]:
    return [(layer.weight, layer.bias) for layer in layers if isinstance(layer, nn.Conv2d) and layer.bias is not None]


@pytest.fixture(scope="module")
def loss() -> VGGFeatureLoss:
    return tiny_vgg_loss(0)


class TestVGGFeatures:
    """vgg_features: relu1_1 to relu5_1, each block at half the size of the one before."""

    def test_are_five_maps_that_halve(self) -> None:
        found = vgg_features(tiny_vgg(0), images(0))
        assert [tuple(x.shape) for x in found] == [
            (2, 4, 32, 48),
            (2, 4, 16, 24),
            (2, 6, 8, 12),
            (2, 6, 4, 6),
            (2, 8, 2, 3),
        ]

    def test_are_taken_behind_the_first_relu_of_each_block(self) -> None:
        layers = tiny_vgg(0)
        assert all(isinstance(layers[tap], nn.ReLU) for tap in VGG19_LAYERS)
        pools = [i for i, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)]
        assert tuple(VGG19_LAYERS) == (1, *(pool + 2 for pool in pools[:-1]))

    def test_see_imagenets_scale(self) -> None:
        seen: list[Tensor] = []
        layers = nn.Sequential(nn.Identity())
        layers[0].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
        vgg_features(layers, torch.ones(1, 3, 2, 2), taps=(0,))  # white: (1 - mean) / deviation
        expected = torch.tensor([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225])
        torch.testing.assert_close(seen[0][0, :, 0, 0], expected)

    def test_images_too_small_for_four_halvings_are_refused(self) -> None:
        assert len(vgg_features(tiny_vgg(0), images(0, (16, 16)))) == 5
        with pytest.raises(ShapeMismatchError, match="found 15x16, expected 16 pixels a side"):
            vgg_features(tiny_vgg(0), images(0, (15, 16)))


class TestVGGFeatureLoss:
    """VGGFeatureLoss: 0 for equal images, differentiable in the fakes alone, frozen."""

    def test_equals_the_literal_one(self, loss: VGGFeatureLoss) -> None:
        layers = tiny_vgg(0).double()
        fake, real = images(0).double(), images(1).double()
        expected = literal_vgg_feature_loss(convolutions(layers), fake, real)
        torch.testing.assert_close(vgg_feature_loss(layers, fake, real).double(), expected, rtol=1e-6, atol=0)
        torch.testing.assert_close(loss(images(0), images(1)).double(), expected, rtol=1e-4, atol=0)

    def test_weighs_each_layer_as_pix2pixhd_does(self) -> None:
        fake, real, layers = images(0), images(1), tiny_vgg(0)
        pairs = zip(vgg_features(layers, fake), vgg_features(layers, real), strict=True)
        distances = [(a - b).abs().mean() for a, b in pairs]
        by_hand = distances[0] / 32 + distances[1] / 16 + distances[2] / 8 + distances[3] / 4 + distances[4]
        torch.testing.assert_close(vgg_feature_loss(layers, fake, real), by_hand)

    def test_is_0_for_equal_images_and_symmetric(self, loss: VGGFeatureLoss) -> None:
        assert loss(images(0), images(0)) == 0
        assert loss(images(0), images(1)) == loss(images(1), images(0)) > 0

    def test_looks_place_by_place(self, loss: VGGFeatureLoss) -> None:
        """Unlike the style loss on CLIP tokens: the same image mirrored is another one."""
        assert loss(images(0), images(0).flip(-1)) > 0.1 * loss(images(0), images(1))

    def test_gradient_reaches_the_fakes_and_nothing_else(self, loss: VGGFeatureLoss) -> None:
        fake, real = images(0).requires_grad_(), images(1).requires_grad_()
        loss(fake, real).backward()
        assert fake.grad is not None
        assert fake.grad.abs().amax(dim=(1, 2, 3)).min() > 0
        assert real.grad is None
        assert all(not p.requires_grad for p in loss.parameters())

    def test_layers_in_train_mode_are_put_into_eval_mode(self) -> None:
        frozen = VGGFeatureLoss(nn.Sequential(nn.Conv2d(3, 4, 1), nn.Dropout(), nn.ReLU()), (2,), (1.0,))
        assert not any(module.training for module in frozen.layers)
        assert frozen(images(0), images(0)) == 0

    def test_without_imagenets_scale_both_images_enter_as_they_are(self) -> None:
        layers = nn.Sequential(nn.Identity())
        fake, real = images(0), images(1)
        plain = VGGFeatureLoss(layers, (0,), (2.0,), imagenet=False)
        torch.testing.assert_close(plain(fake, real), 2 * (fake - real).abs().mean())
        scaled = VGGFeatureLoss(layers, (0,), (2.0,))
        deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
        torch.testing.assert_close(scaled(fake, real), 2 * ((fake - real).abs() / 2 / deviation).mean())

    def test_stays_in_eval_mode(self, loss: VGGFeatureLoss) -> None:
        loss.train()
        assert not any(module.training for module in loss.modules())

    def test_under_bfloat16_it_is_float32(self, loss: VGGFeatureLoss) -> None:
        with torch.autocast("cpu", torch.bfloat16):
            value = loss(images(0), images(1))
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, loss(images(0), images(1)), rtol=0.05, atol=0)

    @pytest.mark.parametrize(
        ("taps", "weights", "field"),
        [((), (), "taps"), ((37,), (1.0,), "taps"), ((6, 1), (1.0, 1.0), "taps"), ((1, 6), (1.0,), "weights")],
        ids=["none", "beyond", "descending", "one weight"],
    )
    def test_layers_that_are_not_there_are_refused(
        self, taps: tuple[int, ...], weights: tuple[float, ...], field: str
    ) -> None:
        with pytest.raises(ConfigError, match=rf"\[{field}\]"):
            VGGFeatureLoss(tiny_vgg(0), taps, weights)
