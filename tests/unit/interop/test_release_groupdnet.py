"""GroupDNet's state dicts become our networks and go back exactly, or with one error for all that is wrong."""

import pytest
import torch

from ipose.errors import ConfigError, RunError
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.discriminator import MultiScaleDiscriminator
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.interop.release import groupdnet_discriminator, groupdnet_encoder, groupdnet_generator, to_release

SMALL = {
    "num_classes": 4,
    "height": 32,
    "width": 32,
    "encoder_channels": (2, 3, 3, 3),
    "decoder_channels": (16, 16, 16, 8, 8, 4),
    "decoder_groups": (4, 4, 2, 2, 1),
    "modulation_hidden": 8,
    "discriminator_width": 4,
}
ONE_GROUP = {"decoder_groups": (1,) * 5, "first_grouped": False}
FORMS = {
    "deepfashion": {},
    "cityscapes": {"modulation": "class", "edges": True},
    "ade20k": {"modulation": "class_to_block"},
    "vspade": {
        **ONE_GROUP,
        "code": "vector",
        "code_channels": 6,
        "class_images": "whole",
        "encoder_grouped": False,
        "encoder_channels": (4, 6, 6, 6),
    },
    "groupenc": ONE_GROUP,
    "groupnet": {"decoder_groups": (4,) * 5},
}
READ = {Decoder: groupdnet_generator, Encoder: groupdnet_encoder, MultiScaleDiscriminator: groupdnet_discriminator}


@pytest.fixture(scope="module")
def states():
    torch.manual_seed(0)
    return {network: to_release(network(GroupDNetConfig(**SMALL))) for network in READ}


@pytest.mark.parametrize("network", READ, ids=lambda network: network.__name__)
@pytest.mark.parametrize("form", FORMS)
def test_our_own_networks_come_back_from_the_releases_names(network, form):
    """Every form of the release, at other widths and depths than its own: the same tensors, by the same layers."""
    torch.manual_seed(0)
    ours = network(GroupDNetConfig(**{**SMALL, **FORMS[form]}))
    extra = {"num_classes": 4} if network is Encoder else {}
    theirs = READ[network]({f"module.{name}": tensor for name, tensor in to_release(ours).items()}, **extra)
    assert set(theirs.state_dict()) == set(ours.state_dict())
    assert all(torch.equal(tensor, ours.state_dict()[name]) for name, tensor in theirs.state_dict().items())
    assert str(theirs) == str(ours)  # groups and strides, too
    assert not theirs.training


def test_a_stored_block_that_nothing_computes_with_rides_along():
    """ADE20K's last block: no weight of the decoder, but given back."""
    torch.manual_seed(0)
    longer = GroupDNetConfig(
        **{**SMALL, "decoder_channels": (16, 16, 16, 8, 8, 4, 2), "decoder_groups": (4, 4, 2, 2, 1, 1)}
        | {"encoder_channels": (2, 3, 3, 3, 3), "width": 64}
    )
    state = to_release(Decoder(longer))
    state["conv_img.weight"] = torch.randn(3, 4, 3, 3)  # made from the width before the last block
    network = groupdnet_generator(state)
    assert len(network.blocks) == 5
    back = to_release(network)
    assert set(back) == set(state)
    assert all(torch.equal(back[name], tensor) for name, tensor in state.items())


class TestFaults:
    """One error lists all that is missing, unknown or of another shape; another network is named."""

    @pytest.mark.parametrize("network", READ, ids=lambda network: network.__name__)
    def test_all_are_listed_at_once(self, states, network):
        state = dict(states[network])
        names = sorted(name for name in state if name.endswith("weight_v"))
        del state[names[0]]
        state[names[1]] = torch.zeros(3, 1)
        state["head.of_another_model"] = torch.zeros(2)
        with pytest.raises(RunError) as caught:
            READ[network](state)
        text = str(caught.value)
        assert "1 missing, 1 unknown, 1 of another shape" in text
        for word in (f"missing {names[0]}", f"shape of {names[1]}", "unknown head.of_another_model"):
            assert word in text

    def test_another_network_is_named(self, states):
        with pytest.raises(RunError, match=r"GroupDNet encoder, not its GroupDNet generator\. Read it with ipose"):
            groupdnet_generator(states[Encoder])
        with pytest.raises(RunError, match=r"interop\.release\.groupdnet_discriminator"):
            groupdnet_encoder(states[MultiScaleDiscriminator])
        with pytest.raises(RunError, match="this is no GroupDNet generator of the release"):
            groupdnet_generator({"conv1.weight": torch.zeros(1)})

    def test_shapes_that_make_no_network_are_one_sentence(self, states):
        state = {
            name: tensor[:, :5].clone() if name.endswith("conv_0.weight_orig") else tensor
            for name, tensor in states[Decoder].items()
        }
        with pytest.raises(RunError, match=r"make no GroupDNet generator|of another shape"):
            groupdnet_generator(state)

    @pytest.mark.parametrize("settings", [{"spectral_norm": "none"}, {"norm": "group"}, {"fusing_layers": 1}])
    def test_layers_that_the_release_does_not_have_do_not_go_back(self, settings):
        with pytest.raises(ConfigError, match="the release has no form for this Decoder"):
            to_release(Decoder(GroupDNetConfig(**SMALL, **settings)))
