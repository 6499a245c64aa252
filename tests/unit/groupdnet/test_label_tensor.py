"""The label tensor: one-hot, with the edges of instances beside each class where asked."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError
from ipose.groupdnet.label_tensor import instance_edges, interleaved, make_class_images, one_hot
from ipose.layers.spade import nearest
from ipose.reference import cg_norm as reference
from ipose.testing.claims import law


class TestOneHot:
    """one_hot: exactly one class a pixel."""

    def test_says_the_class_of_each_pixel(self):
        label = torch.tensor([[[0, 2], [1, 1]]])
        assert torch.equal(one_hot(label, 3).argmax(1), label)
        assert torch.equal(one_hot(label, 3).sum(1), torch.ones(1, 2, 2))

    @law(h=st.integers(1, 9), w=st.integers(1, 9))
    def test_nearest_resizing_keeps_it_one_hot(self, h, w):
        label = torch.randint(0, 3, (1, 4, 6), generator=torch.Generator().manual_seed(h * w))
        resized = nearest(one_hot(label, 3), (h, w))
        assert torch.equal(resized.sum(1), torch.ones(1, h, w))
        assert set(resized.unique().tolist()) <= {0.0, 1.0}

    @pytest.mark.parametrize("wrong", [-1, 3])
    def test_an_id_outside_is_refused_in_a_sentence(self, wrong):
        with pytest.raises(ConfigError, match=rf"does not know: found {wrong}, expected 0\.\.2"):
            one_hot(torch.tensor([[[0, wrong]]]), 3)


class TestEdges:
    """instance_edges: 1 where a pixel differs from one of its four neighbours, on both sides of the border."""

    @law(seed=st.integers(0, 99), h=st.integers(1, 5), w=st.integers(1, 5))
    def test_are_those_of_the_loops(self, seed, h, w):
        instance = torch.randint(0, 3, (2, h, w), generator=torch.Generator().manual_seed(seed), dtype=torch.int32)
        assert torch.equal(instance_edges(instance), reference.instance_edges(instance))

    def test_do_not_depend_on_the_names_of_the_instances(self):
        instance = torch.randint(0, 3, (1, 6, 6), generator=torch.Generator().manual_seed(0), dtype=torch.int32)
        renamed = torch.tensor([26001, 7, 0], dtype=torch.int32)[instance.long()]
        assert torch.equal(instance_edges(instance), instance_edges(renamed))

    def test_stand_beside_each_class(self):
        classes, edges = torch.rand(1, 3, 2, 2), torch.rand(1, 1, 2, 2)
        both = interleaved(classes, edges)
        assert torch.equal(both[:, 0::2], classes)
        assert all(torch.equal(both[:, i : i + 1], edges) for i in (1, 3, 5))


def random_case(seed, h, w, classes, absent):
    generator = torch.Generator().manual_seed(seed)
    label = torch.randint(0, classes, (2, h, w), generator=generator)
    label[label == absent] = (absent + 1) % classes
    return torch.rand(2, 3, h, w, generator=generator) + 0.1, label


class TestClassImages:
    """make_class_images(image, label, C): (b, 3C, h, w), channel 3c + k is colour k of class c."""

    @law(seed=st.integers(0, 99), h=st.integers(1, 6), w=st.integers(1, 6), classes=st.integers(2, 3))
    def test_cropped_ones_are_those_of_the_loops(self, seed, h, w, classes):
        image, label = random_case(seed, h, w, classes, absent=0)
        assert torch.equal(make_class_images(image, label, classes), reference.class_images(image, label, classes))

    def test_masked_ones_add_up_to_the_image(self):
        image, label = random_case(0, 5, 7, 3, absent=2)
        masked = make_class_images(image, label, 3, "mask")
        torch.testing.assert_close(masked.unflatten(1, (3, 3)).sum(1), image)
        assert torch.equal(masked[:, 3:6] != 0, (label == 1)[:, None].expand(-1, 3, -1, -1))

    def test_whole_ones_are_the_image_for_every_class(self):
        image, label = random_case(0, 5, 7, 3, absent=2)
        assert torch.equal(make_class_images(image, label, 3, "whole"), torch.cat([image] * 3, 1))

    def test_a_class_that_fills_the_frame_is_the_image_itself(self):
        image = torch.rand(1, 3, 4, 6)
        assert torch.equal(make_class_images(image, torch.ones(1, 4, 6, dtype=torch.int64), 2)[:, 3:], image)

    def test_an_absent_class_is_0(self):
        image, label = random_case(0, 4, 4, 3, absent=1)
        assert not make_class_images(image, label, 3)[:, 3:6].any()

    @pytest.mark.parametrize("form", ["crop", "mask"])
    def test_pixels_of_other_classes_do_not_enter(self, form):
        image, label = random_case(0, 6, 6, 3, absent=0)
        other = torch.where((label == 1)[:, None], torch.rand_like(image), image)
        before, after = (make_class_images(x, label, 3, form) for x in (image, other))
        assert torch.equal(before[:, 6:], after[:, 6:])
        assert not torch.equal(before[:, 3:6], after[:, 3:6])
