"""The multi-scale discriminator: scores of patches and features to match, at two sizes."""

import pytest
import torch

from ipose.groupdnet.discriminator import MultiScaleDiscriminator, halved
from ipose.testing.network_contract import NetworkContract

from .conftest import small


class TestMultiScaleDiscriminator(NetworkContract):
    """MultiScaleDiscriminator: (one-hot label, image) in, a verdict at each scale out."""

    tolerance = 1e-4

    def make(self):
        return MultiScaleDiscriminator(small())

    def inputs(self, batch):
        return (torch.rand(batch, 7, 32, 16),)

    def learns(self, name, parameter):
        return (parameter.ndim > 1 and "scales.1" not in name) or name.endswith("score.weight")

    def test_its_biases_begin_at_0(self):
        assert not any(p.any() for name, p in self.make().named_parameters() if name.endswith("bias"))

    def test_gives_four_maps_of_features_and_a_map_of_scores_at_each_scale(self):
        verdicts = self.make()(*self.inputs(2))
        shapes = [[tuple(f.shape[1:]) for f in (*v.features, v.score)] for v in verdicts]
        assert shapes == [
            [(4, 17, 9), (8, 9, 5), (16, 5, 3), (32, 6, 4), (1, 7, 5)],
            [(4, 9, 5), (8, 5, 3), (16, 3, 2), (32, 4, 3), (1, 5, 4)],
        ]

    def test_has_weights_of_its_own_at_each_scale(self):
        first, second = self.make().scales
        assert not torch.equal(first.first.weight, second.first.weight)

    @pytest.mark.parametrize("scope", ["release", "all", "none"])
    def test_spectral_norm_is_where_it_was_asked_for(self, scope):
        names = set(MultiScaleDiscriminator(small(spectral_norm=scope)).scales[0].state_dict())
        assert ("middle.0.parametrizations.weight.0._u" in names) == (scope != "none")
        assert ("score.parametrizations.weight.0._u" in names) == (scope == "all")

    def test_as_group_norm_all_channels_of_an_image_are_one_group(self):
        """Given a norm's input whose channels differ in scale, they do so behind it, too."""
        scale = MultiScaleDiscriminator(small(norm="group")).scales[0]
        for norm, layer in zip(scale.norms, scale.middle, strict=True):
            x = torch.randn(2, layer.out_channels, 4, 4)
            x[:, 0] *= 9
            y = norm(x)
            torch.testing.assert_close(y.mean((1, 2, 3)), torch.zeros(2), atol=1e-5, rtol=0)
            torch.testing.assert_close(y.var((1, 2, 3), correction=0), torch.ones(2), atol=1e-3, rtol=0)
            assert (y[:, 0].std() > 3 * y[:, 1].std()).all()


def test_halved_is_the_mean_of_the_valid_part_of_each_window():
    x = torch.arange(12.0).view(1, 1, 3, 4)
    expected = torch.tensor([[(0 + 1 + 4 + 5) / 4, (1 + 2 + 3 + 5 + 6 + 7) / 6], [(4 + 5 + 8 + 9) / 4, 8.0]])
    torch.testing.assert_close(halved(x)[0, 0], expected)
