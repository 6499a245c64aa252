"""GANSeg's discriminator keeps the common contract of networks and knows one size."""

import pytest
import torch

from ipose.errors import ShapeMismatchError
from ipose.ganseg.discriminator import GANSegDiscriminator
from ipose.testing import NetworkContract


class TestGANSegDiscriminator(NetworkContract):
    """A score an image."""

    def make(self):
        return GANSegDiscriminator((4, 6, 8), 8, 32)

    def inputs(self, batch):
        return (2 * torch.rand(batch, 3, 32, 32) - 1,)

    def test_a_score_an_image_also_of_one(self):
        network = self.make()
        assert network(self.inputs(3)[0]).shape == (3,)
        assert network(self.inputs(1)[0]).shape == (1,)

    def test_another_size_is_refused(self):
        with pytest.raises(ShapeMismatchError, match="found 64x64, expected 32x32"):
            self.make()(torch.zeros(1, 3, 64, 64))
