"""The calls that code outside the project relies on, each as it is written down: names, order, shapes and dtypes."""

import pytest
import torch

from ipose.interop.release import discriminator, generator, partnet, to_release
from ipose.losses import (
    class_weights,
    hinge_d_fake,
    hinge_d_real,
    hinge_g,
    label_mix_loss,
    n_plus_one_loss,
    relaxed_emd,
)
from ipose.partnet.partnet import PartNet, PartPrediction
from ipose.partnet.presets import PartNetConfig
from ipose.shapes import geometric_score, geometric_score_matrix
from ipose.synthesis.discriminator import Discriminator, DiscriminatorOutput
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig

C, Z, F = 5, 6, 2
CONFIG = SynthesisConfig(
    num_classes=C, z_channels=Z, channels=1, spade_hidden=3, part_hidden=2, part_feature_channels=F
)


class TestNetworks:
    """What goes in and comes out of the three networks, after a trip through the release's names."""

    @pytest.mark.parametrize("k", [1, 3])
    def test_partnet(self, k):
        network = partnet(to_release(PartNet(PartNetConfig(encoder_channels=(F, 3, 3, 4)))))
        prediction = network(torch.ones(2, 1, 64, 64), torch.ones(2, k, 64, 64, dtype=torch.uint8))
        assert isinstance(prediction, PartPrediction)
        assert prediction.logits.shape == (2, 9, 64, 64)
        assert prediction.features.shape == (2, 9 * F, 64, 64)

    @pytest.mark.parametrize("z_shape", [(2, Z), (2, Z, 64, 96)])
    def test_generator(self, z_shape):
        network = generator(to_release(Generator(CONFIG)), z_channels=Z)
        image = network(
            torch.zeros(2, 64, 96, dtype=torch.int64),
            torch.zeros(2, 9 * F, 64, 96),
            torch.zeros(2, 1, 64, 96),
            z=torch.zeros(z_shape),
            part_noise=torch.zeros(2, 31, 2, 3),
        )
        assert image.shape == (2, 3, 64, 96)

    def test_generator_without_noise(self):
        network = generator(to_release(Generator(CONFIG)), z_channels=Z)
        label, features = torch.zeros(1, 32, 32, dtype=torch.int64), torch.zeros(1, 9 * F, 32, 32)
        assert network(label, features, torch.zeros(1, 1, 32, 32)).shape == (1, 3, 32, 32)

    def test_discriminator(self):
        network = discriminator(to_release(Discriminator(C, (3, 2, 2, 3, 3, 4, 4), 2)))
        output = network(torch.zeros(2, 3, 64, 128))
        assert isinstance(output, DiscriminatorOutput)
        assert output.segmentation.shape == (2, C + 1, 64, 128)
        assert output.score.shape == (2, 1, 4, 8)


class TestLosses:
    """Losses on tensors; each is a scalar."""

    logits, label = torch.zeros(2, C + 1, 4, 4), torch.arange(2 * 4 * 4).reshape(2, 4, 4) % C

    @pytest.mark.parametrize("unknown", [0, None])
    def test_n_plus_one_loss(self, unknown):
        real = n_plus_one_loss(self.logits, self.label, target="real", unknown=unknown)
        assert real.shape == n_plus_one_loss(self.logits, None, target="fake").shape == ()

    def test_class_weights(self):
        assert class_weights(self.label, C, unknown=0).shape == (C,)

    def test_label_mix_loss(self):
        assert label_mix_loss(torch.ones(2, 1, 4, 4), self.logits, self.logits, self.logits) == 0

    @pytest.mark.parametrize("loss", [hinge_g, hinge_d_real, hinge_d_fake])
    def test_hinge(self, loss):
        assert loss(torch.zeros(2, 1, 4, 4)).shape == ()

    def test_relaxed_emd(self):
        assert relaxed_emd(torch.eye(3)[None], torch.eye(3)[None, :2]).shape == ()


@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8, torch.bool])
def test_geometric_score_of_pairs_and_of_all_pairs(dtype):
    a, b = torch.eye(64), torch.ones(64, 64)
    a, b = a.to(dtype).expand(2, 64, 64), b.to(dtype).expand(2, 64, 64)
    expected = 1 - 64 / 64**2
    assert geometric_score(a, b).tolist() == [expected] * 2
    assert geometric_score_matrix(a, b).tolist() == [[expected] * 2] * 2
