"""Initial weights of GroupDNet."""

from torch import nn

from ipose.groupdnet.presets import GroupDNetConfig
from ipose.layers.init import init_weights


def init_network(network: nn.Module, config: GroupDNetConfig) -> None:
    """Draw new weights in place, from torch's global random numbers. Biases are 0.

    "effective": Xavier normal with the config's gain. Layers with spectral norm keep torch's own start, uniform within
    1/sqrt(fan_in). The authors' release starts like this on a GPU. "glorot": Xavier normal with gain 1 everywhere
    (GroupDNet app. A).
    """
    if config.init == "glorot":
        init_weights(network, 1.0)
    else:
        init_weights(network, config.init_gain, spectral_layers=False)
