"""How the weights of GroupDNet begin."""

from torch import nn

from ipose.groupdnet.presets import GroupDNetConfig
from ipose.layers.init import init_weights


def init_network(network: nn.Module, config: GroupDNetConfig) -> None:
    """Draw the weights anew, in place, from torch's global random numbers; biases 0.

    "effective": Xavier normal with the config's gain, but layers under spectral norm keep torch's own start, uniform
    within 1/sqrt(fan_in): so the authors' release begins when it trains on a GPU. "glorot": Xavier normal with gain 1
    everywhere (GroupDNet app. A).
    """
    if config.init == "glorot":
        init_weights(network, 1.0)
    else:
        init_weights(network, config.init_gain, spectral_layers=False)
