"""LabelMix: mask and loss keep their contracts, and the contracts reject the release's slips."""

import pytest
import torch
from torch import Tensor

from ipose.losses import label_mix_loss, label_mix_mask, mix
from ipose.reference import label_mix
from ipose.testing.claims import failed_tests
from ipose.testing.losses_contract import LabelMixLossContract, LabelMixMaskContract


class TestLabelMixMask(LabelMixMaskContract):
    """Claims of LabelMixMaskContract: is constant on each class of each image; every class draws its bit apart from the
    others and from other images; the same seed draws the same mask.
    """

    implementation = staticmethod(label_mix_mask)


class TestReferenceLabelMixMask(LabelMixMaskContract):
    implementation = staticmethod(label_mix.label_mix_mask)


class TestLabelMixLoss(LabelMixLossContract):
    """Claims of LabelMixLossContract: agrees with the loop in float64; is zero exactly for a consistent discriminator;
    one means real.
    """

    implementation = staticmethod(label_mix_loss)


class TestReferenceLabelMixLoss(LabelMixLossContract):
    implementation = staticmethod(label_mix.label_mix_loss)


def test_mix_takes_each_pixel_from_the_image_that_the_mask_names() -> None:
    mask = torch.tensor([[[[1.0, 0.0]]]])
    assert mix(mask, torch.full((1, 3, 1, 2), 5.0), torch.full((1, 3, 1, 2), 7.0))[0, 0, 0].tolist() == [5, 7]


def one_bit_for_the_whole_batch(label: Tensor, num_classes: int, generator: torch.Generator) -> Tensor:
    return torch.randint(0, 2, (num_classes,), generator=generator)[label][:, None].float()


def written_in_place(label: Tensor, num_classes: int, generator: torch.Generator) -> Tensor:
    """Class ids are overwritten by bits, so that a class turned into the id 0 or 1 is drawn again with it."""
    mask = label.clone()
    for c in range(num_classes):
        mask[mask == c] = torch.randint(0, 2, (1,), generator=generator)
    return mask[:, None].float()


def one_bit_a_pixel(label: Tensor, num_classes: int, generator: torch.Generator) -> Tensor:
    return torch.randint(0, 2, label.shape, generator=generator)[:, None].float()


def always_real(label: Tensor, num_classes: int, generator: torch.Generator) -> Tensor:
    return torch.ones_like(label)[:, None].float()


@pytest.mark.parametrize("wrong", [one_bit_for_the_whole_batch, written_in_place, one_bit_a_pixel, always_real])
def test_the_mask_contract_rejects(wrong: object) -> None:
    assert failed_tests(LabelMixMaskContract, wrong)


def swapped(mask: Tensor, mixed: Tensor, fake: Tensor, real: Tensor) -> Tensor:
    return label_mix_loss(mask, mixed, real, fake)


def detached(mask: Tensor, mixed: Tensor, fake: Tensor, real: Tensor) -> Tensor:
    return label_mix_loss(mask, mixed, fake.detach(), real.detach())


def without_the_fake_class(mask: Tensor, mixed: Tensor, fake: Tensor, real: Tensor) -> Tensor:
    return label_mix_loss(mask, mixed[:, 1:], fake[:, 1:], real[:, 1:])


@pytest.mark.parametrize("wrong", [swapped, detached, without_the_fake_class])
def test_the_loss_contract_rejects(wrong: object) -> None:
    assert failed_tests(LabelMixLossContract, wrong)


def test_the_contracts_accept_the_right_versions() -> None:
    assert not failed_tests(LabelMixMaskContract, label_mix_mask)
    assert not failed_tests(LabelMixLossContract, label_mix_loss)


class TestReleaseRule:
    """The release's mask: one bit a class for the whole batch, classes 0 and 1 coupled."""

    @staticmethod
    def masks(label: Tensor, draws: int = 40) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        return torch.stack([label_mix_mask(label, 4, generator, "release") for _ in range(draws)])

    def test_a_class_has_one_bit_in_all_images(self) -> None:
        label = torch.tensor([[[0, 1, 2, 3]], [[3, 2, 1, 0]]])
        masks = self.masks(label)
        assert torch.equal(masks[:, 0], masks[:, 1].flip(-1))
        assert 0 < masks.mean() < 1

    def test_class_0_is_real_only_where_class_1_is(self) -> None:
        """A quarter of the time, not half of it; the classes from 2 on are as free as class 1."""
        shares = self.masks(torch.tensor([[[0, 1, 2, 3]]]), draws=400).mean(0).flatten()
        assert shares.tolist() == pytest.approx([0.25, 0.5, 0.5, 0.5], abs=0.08)
        bits = self.masks(torch.tensor([[[0, 1]]])).flatten(1)
        assert (bits[:, 0] <= bits[:, 1]).all()

    def test_class_1_in_one_image_binds_class_0_in_another(self) -> None:
        masks = self.masks(torch.tensor([[[0, 2]], [[3, 1]]]), draws=400)
        assert (masks[:, 0, 0, 0, 0] <= masks[:, 1, 0, 0, 1]).all()
        assert masks.mean(0).flatten().tolist() == pytest.approx([0.25, 0.5, 0.5, 0.5], abs=0.08)

    def test_class_0_is_free_in_a_batch_without_class_1(self) -> None:
        shares = self.masks(torch.tensor([[[0, 2]]]), draws=400).mean(0).flatten()
        assert shares.tolist() == pytest.approx([0.5, 0.5], abs=0.08)

    def test_is_what_writing_bits_over_class_ids_gives(self) -> None:
        """Given the present classes in order, as the release takes them, the masks come as often as there."""
        label = torch.tensor([[[0, 1, 2]]])
        generator = torch.Generator().manual_seed(1)
        literal = torch.stack([written_in_place(label, 3, generator) for _ in range(800)])
        ours = torch.stack([label_mix_mask(label, 3, generator, "release") for _ in range(800)])
        codes = torch.tensor([4.0, 2.0, 1.0])
        counts = [(masks.flatten(1) @ codes).long().bincount(minlength=8) / 800 for masks in (literal, ours)]
        torch.testing.assert_close(*counts, atol=0.06, rtol=0)
        assert (counts[0] == 0).tolist() == (counts[1] == 0).tolist()
