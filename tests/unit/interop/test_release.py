"""The release's state dicts become our modules and go back: exactly, whatever the widths, or with one error for all."""

import copy
import pickle

import pytest
import torch
from torch import nn

from ipose.errors import ConfigError, RunError
from ipose.interop import release
from ipose.interop.release import discriminator, generator, partnet, to_release
from ipose.interop.release.recognise import without_prefix
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig

Z = 5
SMALL = {"num_classes": 4, "z_channels": Z, "channel_multipliers": (4, 3, 2, 1), "channels": 1}
SMALL |= {"spade_hidden": 3, "part_hidden": 2, "part_feature_channels": 2}
PARTNET = PartNetConfig(encoder_channels=(2, 3, 4, 5), attention_blocks=2, zero_empty_masks=False)


def own_generator(**settings):
    return Generator(SynthesisConfig(**{**SMALL, **settings}))


@pytest.fixture(scope="module")
def states():
    """A state dict of each network as the release saves it, at random; the generator's carries the PartNet."""
    torch.manual_seed(0)
    carried = to_release(PartNet(PARTNET))
    whole = {**to_release(own_generator()), **{f"partnet.model.{name}": value for name, value in carried.items()}}
    unused = {name: torch.randn_like(value) for name, value in whole.items() if name.startswith("conv_nos.2.")}
    critic = Discriminator(4, (3, 2, 4, 5), 3)
    return {"partnet": carried, "generator": {**whole, **unused}, "discriminator": to_release(critic)}


LOAD = {"partnet": partnet, "generator": lambda state: generator(state, z_channels=Z), "discriminator": discriminator}


@pytest.fixture(params=LOAD)
def network(request):
    return request.param


def same(found, expected):
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype, name
        assert torch.equal(found[name], tensor), name


class TestThereAndBack:
    """`to_release(load(state))` is `state`: every name, bit for bit; and the module is one of ours, ready for use."""

    def test_every_name_and_bit_comes_back(self, states, network):
        same(to_release(LOAD[network](states[network])), states[network])

    def test_golden_states_come_back_bit_for_bit(self, golden_file, network):
        golden = golden_file(network)
        loaded = generator(golden.state, z_channels=golden.config["z_dim"]) if network == "generator" else None
        same(to_release(loaded or LOAD[network](golden.state)), golden.state)

    def test_half_and_double_precision_stay_what_they_are(self, states, network):
        for dtype in (torch.float16, torch.float64):
            state = {n: t.to(dtype) if t.is_floating_point() else t for n, t in states[network].items()}
            same(to_release(LOAD[network](state)), state)

    def test_is_in_eval_mode_and_can_be_trained_on(self, states, network):
        module = LOAD[network](states[network])
        assert not any(child.training for child in module.modules())
        assert all(parameter.requires_grad for parameter in module.parameters())

    def test_shares_no_memory_with_the_state(self, states, network):
        state = {name: tensor.clone() for name, tensor in states[network].items()}
        module = LOAD[network](state)
        for tensor in state.values():
            tensor.fill_(7)
        same(to_release(module), states[network])

    def test_our_own_networks_come_back_from_the_releases_names(self, network):
        """Other depths and widths than the release's, too: 4 blocks, no coarser maps, D of 4."""
        own = {
            "partnet": PartNet(PartNetConfig(encoder_channels=(2, 2, 3, 3), multi_scale=False)),
            "generator": own_generator(channel_multipliers=(6, 6, 3, 2, 2), part_input="logits"),
            "discriminator": Discriminator(2, (3, 4, 2, 5, 3), 2),
        }[network]
        loaded = LOAD[network](to_release(own))
        same(loaded.state_dict(), own.state_dict())

    @pytest.mark.parametrize("prefix", ["module.", "module.module."])
    def test_the_prefix_of_parallel_training_is_stripped(self, states, network, prefix):
        prefixed = {f"{prefix}{name}": tensor for name, tensor in states[network].items()}
        same(to_release(LOAD[network](prefixed)), states[network])

    @pytest.mark.parametrize("prefix", ["partnet.model.", "module.partnet.model.", "partnet.model.module."])
    def test_partnet_is_found_under_its_prefix(self, states, prefix):
        prefixed = {f"{prefix}{name}": tensor for name, tensor in states["partnet"].items()}
        same(to_release(partnet(prefixed)), states["partnet"])

    def test_partnet_is_found_in_a_generators_state(self, states):
        same(to_release(partnet(states["generator"])), states["partnet"])

    def test_there_are_four_functions_for_ipose(self):
        assert {"discriminator", "generator", "partnet", "to_release"} <= set(release.__all__)


class TestWhatRidesAlong:
    """The unused doubling and the PartNet of a generator's state are kept, and are no weights of the generator."""

    def test_is_in_no_state_dict_and_among_no_parameters_or_buffers(self, states):
        module = generator(states["generator"], z_channels=Z)
        live = sum(parameter.numel() for parameter in own_generator().parameters())
        assert sum(parameter.numel() for parameter in module.parameters()) == live
        assert set(module.state_dict()) == set(own_generator().state_dict())
        assert len(list(module.buffers())) == len(list(own_generator().buffers()))

    def test_survives_a_deep_copy(self, states):
        same(to_release(copy.deepcopy(generator(states["generator"], z_channels=Z))), states["generator"])

    def test_can_be_pickled(self, states):
        """As far as torch lets it: a module under spectral norm it pickles as a state dict only."""
        carried = generator(states["generator"], z_channels=Z).release_extras
        same(pickle.loads(pickle.dumps(carried)), carried)
        same(to_release(pickle.loads(pickle.dumps(partnet(states["partnet"])))), states["partnet"])

    def test_a_generator_of_our_own_gives_zeros_for_the_layer_that_nothing_uses_and_no_partnet(self):
        state = to_release(own_generator())
        unused = [tensor for name, tensor in state.items() if name.startswith("conv_nos.2.")]
        assert [tuple(tensor.shape) for tensor in unused] == [(3, 2, 4, 4), (2,)]
        assert not any(tensor.any() for tensor in unused)
        assert not any(name.startswith("partnet.") for name in state)

    def test_a_state_without_a_partnet_is_a_generator_too(self):
        own = own_generator()
        same(generator(to_release(own), z_channels=Z).state_dict(), own.state_dict())


class TestSpectralNorm:
    """u and v are kept: what the convolution computes is weight_orig / (u . (W v)), before and after."""

    def test_the_weight_is_that_of_the_releases_vectors(self, states):
        state = states["discriminator"]
        conv = discriminator(state).encoder[2].conv1
        w, u, v = (state[f"body_down.2.conv1.1.weight_{name}"] for name in ("orig", "u", "v"))
        torch.testing.assert_close(conv.weight, w / torch.dot(u, w.flatten(1) @ v))
        assert torch.equal(conv.parametrizations.weight[0]._u, u)
        assert torch.equal(conv.parametrizations.weight[0]._v, v)


class TestFaults:
    """One error lists all that is missing, unknown or of another shape, with the shapes expected and found."""

    @pytest.mark.parametrize("times", [1, 9])
    def test_all_are_listed_at_once(self, states, network, times):
        state = dict(states[network])
        names = sorted(name for name in state if "partnet" not in name)
        chosen = names[:: len(names) // (2 * times)]  # from all over the network
        missing, wrong = chosen[::2], chosen[1::2]
        shapes = {name: tuple(state.pop(name).shape) for name in missing}
        shapes |= {name: tuple(state[name].shape) for name in wrong}
        state |= {name: torch.zeros(3, 1, 4, 1, 5) for name in wrong}
        state["head.of_another_model"] = torch.zeros(2, 7)
        with pytest.raises(RunError) as caught:
            LOAD[network](state)
        text = str(caught.value)
        assert f"{len(missing)} missing, 1 unknown, {len(wrong)} of another shape" in text
        assert "unknown head.of_another_model: found (2, 7)" in text
        for name in missing:
            assert f"missing {name}: expected {shapes[name]}" in text
        for name in wrong:
            assert f"shape of {name}: found (3, 1, 4, 1, 5), expected {shapes[name]}" in text

    def test_the_partnet_of_a_generator_is_checked_too(self, states):
        state = dict(states["generator"])
        del state["partnet.model.catt1.ln1.bias"]
        with pytest.raises(RunError, match=r"1 missing:\n  missing partnet\.model\.catt1\.ln1\.bias: expected \(15,\)"):
            generator(state, z_channels=Z)

    @pytest.mark.parametrize("name", ["mlp.0.weight", "conv_part.0.weight", "conv_img.weight", "fc.bias"])
    def test_a_tensor_that_alone_tells_a_width_is_missed_as_any_other(self, states, name):
        state = {key: tensor for key, tensor in states["generator"].items() if key != name}
        with pytest.raises(RunError, match=rf"1 missing:\n  missing {name}: expected \("):
            generator(state, z_channels=Z)

    @pytest.mark.parametrize(
        "name", ["fc.weight", "conv_part.0.weight", "conv_nos.2.0.weight", "body.0.conv_p.weight_orig"]
    )
    def test_one_bad_tensor_does_not_make_others_look_bad(self, states, name):
        state = {**states["generator"], name: torch.zeros(9, 8, 7, 6)}
        with pytest.raises(RunError, match=rf"generator, 1 of another shape:\n  shape of {name}: found \(9, 8, 7, 6\)"):
            generator(state, z_channels=Z)

    @pytest.mark.parametrize(
        ("other", "function"),
        [
            *[("partnet", "generator"), ("partnet", "discriminator"), ("generator", "discriminator")],
            *[("discriminator", "generator"), ("discriminator", "partnet")],
        ],
    )
    def test_another_network_of_the_release_is_named(self, states, other, function):
        with pytest.raises(RunError, match=rf"(?i)this is the release's {other}, not its {function}\. Read it with"):
            LOAD[function](states[other])

    @pytest.mark.parametrize("state", [{}, {"conv1.weight": torch.zeros(1), "fc.weight": torch.zeros(10, 5)}])
    def test_a_state_that_is_not_from_the_release_is_one_sentence(self, network, state):
        with pytest.raises(
            RunError, match=r"this is no \w+ of the release: found .*, expected names such as"
        ) as caught:
            LOAD[network](state)
        assert "\n" not in str(caught.value)

    def test_a_checkpoint_of_several_things_is_no_state_dict(self, states, network):
        with pytest.raises(RunError, match=r"\[optimizer\] this is no state dict.*found dict"):
            without_prefix({**states[network], "optimizer": {}})

    def test_z_that_leaves_no_class_is_named(self, states):
        with pytest.raises(RunError, match=r"\[z_channels\] no channel is left for classes beside z: found 9 channels"):
            generator(states["generator"])

    @pytest.mark.parametrize(
        "module",
        [
            own_generator(part_injection="none"),
            own_generator(part_injection="spade"),
            own_generator(spectral_norm="all"),
            Discriminator(4, (3, 2, 3, 4), 3, spectral_norm="all"),
        ],
        ids=["no parts", "spade", "spectral norm on all", "discriminator"],
    )
    def test_layers_that_the_release_does_not_have_do_not_go_back(self, module):
        with pytest.raises(ConfigError, match="the release has no form for this"):
            to_release(module)

    @pytest.mark.parametrize("module", [nn.Linear(1, 1), nn.DataParallel(nn.Linear(1, 1))])
    def test_other_modules_do_not_go_back(self, module):
        with pytest.raises(ConfigError, match=r"\[module\].*expected a network of iPOSE, GroupDNet or GANSeg"):
            to_release(module)
