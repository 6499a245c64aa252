"""A semantic map at any size: the tensor [z, one-hot label], or its neighbourhoods, whichever is faster."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError
from ipose.layers import semantic_maps
from ipose.layers.neighbourhoods import Neighbourhoods
from ipose.layers.semantic_maps import SemanticMaps, check_ids, distinct_vectors, label_maps
from ipose.layers.spade import nearest
from ipose.testing.claims import law

CLASSES, Z = 5, 3


def labels(b=2, h=8, w=12, seed=0):
    return torch.randint(0, CLASSES, (b, h, w), generator=torch.Generator().manual_seed(seed))


def plainly(label, z):
    """[z, one-hot label], as the equations read."""
    z = z[:, :, None, None].expand(-1, -1, *label.shape[1:]) if z.ndim == 2 else z
    one_hot = torch.nn.functional.one_hot(label, CLASSES).permute(0, 3, 1, 2)
    return torch.cat([z, one_hot.to(z.dtype)], 1)


def regions(label):
    """z of one vector for each region: here, for each half of the image."""
    z = torch.randn(len(label), Z, 2)
    return z[..., torch.arange(label.shape[2]) * 2 // label.shape[2]][:, :, None].expand(-1, -1, label.shape[1], -1) + 0


class TestDense:
    """dense: the map itself, resized by nearest neighbour."""

    @law(seed=st.integers(0, 2**31), size=st.tuples(st.integers(1, 20), st.integers(1, 20)), kind=st.integers(0, 2))
    def test_is_z_beside_the_one_hot_label(self, seed, size, kind):
        label = labels(seed=seed, h=7, w=10)
        z = (torch.randn(2, Z), torch.randn(2, Z, 7, 10), regions(label))[kind]
        assert torch.equal(label_maps(label, CLASSES, z).dense(size), nearest(plainly(label, z), size))

    @pytest.mark.parametrize("shape", [(2, Z), (2, Z, 8, 12)])
    def test_gradient_flows_to_every_vector(self, shape):
        label, z = labels(), torch.randn(shape, dtype=torch.float64, requires_grad=True)
        weight = torch.randn(2, Z + CLASSES, 8, 12, dtype=torch.float64)
        found = [
            torch.autograd.grad((maps * weight).sum(), [z])[0]
            for maps in (label_maps(label, CLASSES, z).dense((8, 12)), plainly(label, z))
        ]
        torch.testing.assert_close(*found)

    def test_equal_vectors_of_two_pixels_each_get_the_gradient_of_their_own_pixel(self):
        z, label = torch.ones(1, Z, 2, 3, requires_grad=True), labels(1, 2, 3)
        weight = torch.arange(6.0).view(1, 1, 2, 3)
        (label_maps(label, CLASSES, z).dense((2, 3)) * weight).sum().backward()
        assert torch.equal(z.grad, weight.expand_as(z))


class TestAt:
    """at: neighbourhoods where few of them are distinct, else the tensor."""

    def test_a_map_of_large_regions_is_given_by_neighbourhoods(self):
        maps = label_maps(torch.zeros(1, 32, 32, dtype=torch.int64), CLASSES, torch.randn(1, Z))
        assert isinstance(maps.at((32, 32)), Neighbourhoods)
        assert isinstance(maps.at((4, 4)), torch.Tensor)  # 16 pixels, 16 neighbourhoods: all differ at the border

    def test_noise_and_another_vector_at_each_pixel_stay_dense(self):
        assert isinstance(label_maps(labels(), CLASSES, torch.randn(2, Z)).at((8, 12)), torch.Tensor)
        flat = torch.zeros(1, 32, 32, dtype=torch.int64)
        assert isinstance(label_maps(flat, CLASSES, torch.randn(1, Z, 32, 32)).at((32, 32)), torch.Tensor)

    def test_one_vector_a_region_is_given_by_neighbourhoods(self):
        flat = torch.zeros(1, 32, 32, dtype=torch.int64)
        assert isinstance(label_maps(flat, CLASSES, regions(flat)).at((32, 32)), Neighbourhoods)

    def test_the_form_forces_it(self):
        flat, noise = torch.zeros(1, 32, 32, dtype=torch.int64), labels()
        assert isinstance(label_maps(flat, CLASSES, torch.randn(1, Z), "dense").at((32, 32)), torch.Tensor)
        assert isinstance(label_maps(noise, CLASSES, torch.randn(2, Z), "neighbourhoods").at((8, 12)), Neighbourhoods)

    def test_a_compiled_network_reads_the_tensor_whatever_the_form(self, monkeypatch):
        flat, z = torch.zeros(1, 32, 32, dtype=torch.int64), torch.randn(1, Z)
        plain = label_maps(flat, CLASSES, z)
        monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
        for form in ("auto", "neighbourhoods"):
            maps = label_maps(flat, CLASSES, z, form)
            assert torch.equal(maps.at((32, 32)), plain.dense((32, 32)))
            assert len(maps.features) == CLASSES  # and not the one class that is there: no size depends on the data

    def test_a_size_is_made_once(self):
        maps = label_maps(torch.zeros(1, 32, 32, dtype=torch.int64), CLASSES, torch.randn(1, Z))
        assert maps.at((32, 32)) is maps.at((32, 32))
        assert maps.dense((8, 8)) is maps.dense((8, 8))

    def test_names_the_forms_it_knows(self):
        with pytest.raises(ConfigError, match=r"map_form.*found fast, expected auto, neighbourhoods, dense"):
            SemanticMaps(labels(), torch.zeros(CLASSES, 1), "fast")


class TestCheckIds:
    """check_ids: a wrong class id is named, but for a network that is compiled."""

    @pytest.mark.parametrize("wrong", [-1, CLASSES])
    def test_names_an_id_outside(self, wrong, monkeypatch):
        label = torch.tensor([[[0, wrong, CLASSES - 1]]])
        with pytest.raises(ConfigError, match=rf"class id that the model does not know: found {wrong}, expected 0..4"):
            check_ids(label, CLASSES)
        monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
        check_ids(label, CLASSES)


class TestDistinctVectors:
    """distinct_vectors: the vectors of a map of z, and which one each pixel has."""

    def test_equal_vectors_are_listed_once(self):
        z = regions(labels())
        number, vectors = distinct_vectors(z)
        assert len(vectors) == 4
        assert torch.equal(vectors[number].permute(0, 3, 1, 2), z)

    def test_an_expanded_vector_is_seen_without_a_look_at_the_pixels(self):
        z = torch.randn(2, Z)
        number, vectors = distinct_vectors(z[:, :, None, None].expand(-1, -1, 4, 5))
        assert torch.equal(vectors, z)
        assert torch.equal(number, torch.arange(2)[:, None, None].expand(2, 4, 5))

    @pytest.mark.parametrize("lines", [(4, 1), (1, 5)])
    def test_a_vector_expanded_along_one_axis_alone_differs_along_the_other(self, lines):
        z = torch.randn(2, Z, *lines).expand(-1, -1, 4, 5)
        number, vectors = distinct_vectors(z)
        assert torch.equal(vectors[number].permute(0, 3, 1, 2), z)

    def test_two_vectors_of_one_key_are_not_taken_for_one(self, monkeypatch):
        z = regions(labels())
        monkeypatch.setattr(semantic_maps.torch, "randn", lambda count, **_: torch.zeros(count, dtype=torch.float64))
        number, vectors = distinct_vectors(z)
        assert torch.equal(vectors[number].permute(0, 3, 1, 2), z)
