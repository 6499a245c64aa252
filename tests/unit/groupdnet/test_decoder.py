"""The decoder: a class's code reaches exactly the channels that the group list allows, block by block."""

import pytest
import torch

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.label_tensor import instance_edges, interleaved, one_hot
from ipose.testing.network_contract import NetworkContract

from .conftest import small


def code(config, batch=2, seed=0):
    grid = {"map": config.start, "pooled": (1, 1), "vector": ()}[config.code]
    return torch.randn(batch, config.z_channels, *grid, generator=torch.Generator().manual_seed(seed))


class TestDecoder(NetworkContract):
    """Decoder: label map and codes in, image in [-1, 1] out."""

    def make(self):
        return Decoder(small())

    def inputs(self, batch):
        return torch.randint(0, 4, (batch, 32, 16)), torch.randn(batch, 12, 2, 1)

    def test_its_biases_begin_at_0(self):
        assert not any(p.any() for name, p in self.make().named_parameters() if name.endswith("bias"))


class TestLabelMaps:
    """The label tensor is kept as tokens: every form of it gives the same image and gradients."""

    @pytest.mark.parametrize("edges", [False, True])
    def test_its_dense_form_is_the_one_hot_map_with_edges_beside_each_class(self, label, edges):
        instance = label // 2
        maps = Decoder(small(edges=edges)).label_maps(label, instance if edges else None, torch.float32)
        classes = one_hot(label, 4)
        expected = interleaved(classes, instance_edges(instance)) if edges else classes
        assert torch.equal(maps.dense(tuple(label.shape[1:])), expected)

    @pytest.mark.parametrize("training", [False, True])
    @pytest.mark.parametrize("rule", ["block", "class", "class_to_block"])
    def test_neighbourhoods_and_the_dense_map_give_the_same_in_float64(self, label, rule, training):
        torch.manual_seed(0)
        config = small(edges=True, modulation=rule)
        decoder, z = Decoder(config).double().train(training), code(config).double()
        state = {name: tensor.clone() for name, tensor in decoder.state_dict().items()}
        found = []
        for form in ("neighbourhoods", "dense"):
            decoder.load_state_dict(state)
            decoder.map_form = form
            image = decoder(label, z, label)
            found.append([image, *torch.autograd.grad(image[:, 0].sum(), list(decoder.parameters()))])
        for ours, dense in zip(*found, strict=True):
            torch.testing.assert_close(ours, dense, atol=1e-9, rtol=1e-9)


def stages_of(decoder, *inputs):
    """What the first layer and each block hand on."""
    found, handles = [], []
    for stage in (decoder.first, *decoder.blocks):
        handles.append(stage.register_forward_hook(lambda _, __, output: found.append(output)))
    decoder(*inputs)
    for handle in handles:
        handle.remove()
    return found


class TestIsolation:
    """Given z_c changed, channels of class c's group change behind each block, and no other; eval and train."""

    @pytest.mark.parametrize("training", [False, True])
    @pytest.mark.parametrize("groups", [(4, 4, 2, 2, 1), (4, 4, 4, 4, 4), (4, 2, 2, 1, 1)])
    def test_a_code_reaches_its_own_groups_alone(self, label, training, groups):
        config = small(decoder_groups=groups)
        decoder, z = Decoder(config).requires_grad_(False).train(training), code(config)
        state = {name: value.clone() for name, value in decoder.state_dict().items()}
        before = stages_of(decoder, label, z)
        for number in range(4):
            decoder.load_state_dict(state)
            other = z.clone()
            other[:, 3 * number : 3 * number + 3] += torch.randn(2, 3, 2, 1)
            for stage, count, old in zip(stages_of(decoder, label, other), (4, *groups), before, strict=True):
                changed = (stage != old).any(0).any(-1).any(-1).view(count, -1)
                own = torch.arange(count) == number * count // 4
                assert changed[own].all()
                assert not changed[~own].any()

    def test_each_class_reaches_the_image_in_the_end(self, label):
        decoder, z = Decoder(small()).eval(), code(small())
        before = decoder(label, z)
        for number in range(4):
            other = z.clone()
            other[:, 3 * number : 3 * number + 3] += 1
            assert (decoder(label, other) != before).any()


class TestForms:
    """Every variant of the config makes images, and trains."""

    def test_makes_images_and_every_weight_learns(self, variant, label, instance):
        decoder = Decoder(variant)
        image = decoder(label, code(variant), instance)
        assert image.shape == (2, 3, 32, 16)
        assert image.abs().max() <= 1
        (image * torch.randn_like(image)).sum().backward()
        grads = {name: p.grad for name, p in decoder.named_parameters()}
        assert not [name for name, grad in grads.items() if grad is None or not grad.isfinite().all()]
        # the coarsest map shows a class or two, to which a hidden layer as narrow as this one may be blind
        assert not [n for n, grad in grads.items() if grad.ndim > 1 and "gamma_beta" not in n and not grad.any()]

    def test_another_size_than_that_of_training_works_too(self):
        image = Decoder(small())(torch.zeros(1, 48, 64, dtype=torch.int64), torch.zeros(1, 12, 3, 4))
        assert image.shape == (1, 3, 48, 64)

    def test_one_code_for_all_places_is_spread(self, label):
        decoder, z = Decoder(small()).eval(), torch.randn(2, 12, 1, 1)
        assert torch.equal(decoder(label, z), decoder(label, z.expand(-1, -1, 2, 1).contiguous()))

    def test_edges_of_instances_enter(self, label, instance):
        config = small(edges=True, modulation="class")
        decoder = Decoder(config).eval()
        one_object = decoder(label, code(config), torch.zeros_like(instance))
        assert (decoder(label, code(config), instance) != one_object).any()
        assert torch.equal(decoder(label, code(config), instance + 5), decoder(label, code(config), instance))


class TestWrongInput:
    """Each is one sentence with what was found and expected."""

    def test_a_code_of_another_class_count(self, label):
        with pytest.raises(ShapeMismatchError) as caught:
            Decoder(small())(label, torch.zeros(2, 15, 2, 1))
        assert "[z] the decoder cannot use this code: found (2, 15, 2, 1), expected (2, 12, 2, 1)" in str(caught.value)
        assert "4 classes" in str(caught.value)

    def test_a_label_outside(self, label):
        with pytest.raises(ConfigError, match=r"class id that the model does not know: found 4, expected 0\.\.3"):
            Decoder(small())(label + 1, code(small()))

    def test_a_size_that_the_blocks_cannot_make(self):
        with pytest.raises(ShapeMismatchError, match="found 32x20, expected height and width in multiples of 16"):
            Decoder(small())(torch.zeros(1, 32, 20, dtype=torch.int64), torch.zeros(1, 12, 2, 1))

    def test_a_vectors_decoder_at_another_size(self):
        config = small(code="vector", first_grouped=False)
        with pytest.raises(ShapeMismatchError, match="found 32x32, expected 32x16, which a vector"):
            Decoder(config)(torch.zeros(1, 32, 32, dtype=torch.int64), torch.zeros(1, 3))

    def test_no_instance_map_where_edges_are_seen(self, label):
        config = small(edges=True, modulation="class")
        with pytest.raises(ShapeMismatchError, match=r"\[instance\].*Pass instance="):
            Decoder(config)(label, code(config))
