"""Contract of a discriminator: image in, C+1 logits a pixel and a map of scores out.

Subclass it, write `build` (a small one of `CLASSES` classes, multiples of 16 or the sizes below); pytest collects it.
"""

from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from ipose.errors import ShapeMismatchError
from ipose.testing.claims import interface

CLASSES = 3


class DiscriminatorContract:
    """A discriminator names every pixel's class (or fake) and scores regions, each image by itself."""

    size: ClassVar[tuple[int, int]] = (16, 32)
    score_size: ClassVar[tuple[int, int]] = (1, 2)
    wrong_size: ClassVar[tuple[int, int]] = (16, 24)

    def build(self) -> nn.Module:
        """The same small discriminator at every call."""
        raise NotImplementedError

    def _built(self, device: torch.device) -> nn.Module:
        return self.build().to(device).eval()

    def _images(self, device: torch.device, count: int = 2) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        return (torch.rand(count, 3, *self.size, generator=generator) * 2 - 1).to(device)

    @interface
    def test_answers_for_every_pixel_and_every_region(self, device: torch.device) -> None:
        segmentation, score = self._built(device)(self._images(device))
        assert segmentation.shape == (2, CLASSES + 1, *self.size)
        assert score.shape == (2, 1, *self.score_size)
        assert segmentation.dtype == score.dtype == torch.float32

    @interface
    def test_a_batch_equals_its_images_one_by_one(self, device: torch.device) -> None:
        network, images = self._built(device), self._images(device)
        together, alone = network(images), [network(image[None]) for image in images]
        for i in (0, 1):
            torch.testing.assert_close(together[i], torch.cat([out[i] for out in alone]), atol=1e-5, rtol=1e-4)

    @interface
    def test_every_parameter_receives_gradient(self, device: torch.device) -> None:
        network = self._built(device)
        segmentation, score = network(self._images(device))
        (segmentation.square().mean() + score.square().mean()).backward()
        blind = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
        assert not blind

    @interface
    def test_both_answers_pull_on_every_pixel_of_the_image(self, device: torch.device) -> None:
        network, images = self._built(device), self._images(device).requires_grad_()
        for answer in network(images):
            (grad,) = torch.autograd.grad(answer.square().sum(), images, retain_graph=True)
            assert (grad.abs().sum(dim=1) > 0).all()

    @interface
    def test_save_then_load_changes_no_answer(self, device: torch.device) -> None:
        network, images = self._built(device), self._images(device)
        with torch.no_grad():
            before = network(images)
            for p in (other := self._built(device)).parameters():
                p.zero_()
            other.load_state_dict(network.state_dict())
            after = other(images)
        assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))

    @interface
    def test_no_two_layers_share_weights(self, device: torch.device) -> None:
        owners = list(self._built(device).named_parameters(remove_duplicate=False))
        assert len({p.data_ptr() for _, p in owners}) == len(owners)

    @interface
    def test_a_size_that_does_not_halve_evenly_is_refused_in_a_sentence(self, device: torch.device) -> None:
        height, width = self.wrong_size
        with pytest.raises(ShapeMismatchError, match=rf"found {height}x{width}, expected .* multiples of \d+"):
            self._built(device)(torch.zeros(1, 3, height, width, device=device))
