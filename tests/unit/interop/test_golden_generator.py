"""The generator computes what the authors' does: image, inner activations and gradients, from the golden file alone."""

import pytest
import torch

from ipose.errors import RunError
from ipose.interop.release_generator import generator_from_release, release_names


@pytest.fixture(scope="module")
def golden(golden_file):
    """Tensors by key, and the config."""
    file = golden_file("generator")
    return file.tensors, file.config


@pytest.fixture(scope="module")
def release_state(golden):
    tensors, _ = golden
    return {key.removeprefix("state."): value for key, value in tensors.items() if key.startswith("state.")}


@pytest.fixture(scope="module")
def run(golden, release_state):
    """(generator, inner activations by golden name, image) of one forward and backward pass on the golden inputs."""
    tensors, config = golden
    generator = generator_from_release(release_state, z_channels=config["z_dim"])
    inner = {}

    def keep(name):
        return lambda _module, _inputs, output: inner.update({name: output})

    handles = [generator.part_input.register_forward_hook(keep("conv_part"))]
    handles.append(generator.part_noise.register_forward_hook(keep("noise")))
    for i, block in enumerate(generator.blocks):
        handles.append(block.register_forward_hook(keep(f"block{i}")))
        handles.append(block.part_modulation.register_forward_hook(keep(f"block{i}.norm_p")))
        for step in ("0", "1", "s"):
            norm = getattr(block.residual, f"spade_{step}")
            if norm is not None:
                handles.append(norm.register_forward_hook(keep(f"block{i}.norm_{step}")))
    label = tensors["in.label"].long()
    image = generator(
        label[:, 0] if label.ndim == 4 else label,
        tensors["in.part_features"],
        tensors["in.part_mask"],
        z=tensors["in.z"],
        part_noise=tensors["in.z_part"],
    )
    (image * tensors["in.grad_weight"]).sum().backward()
    for handle in handles:
        handle.remove()
    inner.update({f"noise{i}": noise for i, noise in enumerate(inner.pop("noise"))})
    return generator, inner, image


class TestGoldenGenerator:
    """Given the release's weights and inputs, ours gives the release's numbers (1e-5 absolute + 1e-4 relative)."""

    def test_the_image_is_the_releases(self, golden, run):
        torch.testing.assert_close(run[2], golden[0]["out.image"], atol=1e-5, rtol=1e-4)

    def test_every_recorded_inner_activation_is_the_releases(self, golden, run):
        wanted = {key.removeprefix("out."): value for key, value in golden[0].items() if key.startswith("out.")}
        wanted = {name: value for name, value in wanted.items() if name.split(".")[0] not in _NOT_INNER}
        assert wanted
        for name, value in wanted.items():
            torch.testing.assert_close(
                run[1][name], value, atol=1e-5, rtol=1e-4, msg=lambda text, n=name: f"{n}: {text}"
            )

    def test_every_recorded_gradient_is_the_releases(self, golden, run):
        names = release_names(run[0])
        wanted = {key.removeprefix("out.grad."): v for key, v in golden[0].items() if key.startswith("out.grad.")}
        assert wanted
        for name, value in wanted.items():
            gradient = run[0].get_parameter(names[name]).grad
            torch.testing.assert_close(gradient, value, atol=1e-5, rtol=1e-4, msg=lambda text, n=name: f"{n}: {text}")


_NOT_INNER = {"image", "grad", "part_logits"}
"""What the file records besides inner activations; the logits are PartNet's."""


class TestGeneratorFromRelease:
    """A state dict with the release's names becomes a generator, or one error that lists all that is wrong with it."""

    def test_no_tensor_of_the_release_is_lost(self, golden, release_state, run):
        generator = run[0]
        kept = set(release_names(generator)) | set(generator.release_extras)
        assert kept == set(release_state)

    def test_the_prefix_of_parallel_training_is_stripped(self, golden, release_state, run):
        prefixed = {f"module.{name}": tensor for name, tensor in release_state.items()}
        other = generator_from_release(prefixed, z_channels=golden[1]["z_dim"])
        for name, tensor in run[0].state_dict().items():
            assert torch.equal(tensor, other.state_dict()[name]), name

    def test_it_is_in_eval_mode_and_can_be_trained_on(self, run):
        assert not any(module.training for module in run[0].modules())
        assert all(parameter.requires_grad for parameter in run[0].parameters())

    def test_all_faults_are_listed_at_once(self, golden, release_state):
        state = dict(release_state)
        del state["conv_img.bias"], state["body.0.norm_1.mlp_beta.weight"]
        state["conv_of_another_model.weight"] = torch.zeros(1)
        state["fc.bias"] = torch.zeros(3)
        with pytest.raises(RunError) as caught:
            generator_from_release(state, z_channels=golden[1]["z_dim"])
        for fault in (
            "conv_img.bias: missing",
            "body.0.norm_1.mlp_beta.weight: missing",
            "conv_of_another_model.weight: unknown",
            "fc.bias: shape (3,), expected (",
        ):
            assert fault in str(caught.value)

    def test_an_unrelated_checkpoint_is_refused_in_a_sentence(self):
        with pytest.raises(RunError, match="no generator of the release"):
            generator_from_release({"conv1.weight": torch.zeros(1)})
