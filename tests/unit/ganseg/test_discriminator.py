"""GANSeg's discriminator keeps the common contract of networks and knows one size."""

import subprocess
import sys
import textwrap

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


def test_images_of_any_memory_format_leave_the_memory_of_others_alone():
    """In a process of its own: where the claim fails, the process dies, or finds its memory damaged later."""
    program = textwrap.dedent("""
        import torch
        from ipose.ganseg.discriminator import GANSegDiscriminator

        network = GANSegDiscriminator((8, 8), 4, 64)
        for _ in range(20):
            image = torch.randn(4, 3, 64, 64).contiguous(memory_format=torch.channels_last).requires_grad_()
            network(image).sum().backward()
            others = [torch.randn(size) for size in range(1, 200)]
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
