"""A stranger's repository runs our contracts on modules of its own: the right one passes, planted wrong ones fail."""

import os
import re
import subprocess
import sys
import textwrap

import pytest

CONFTEST = """
    import pytest
    import torch
    from hypothesis import Phase, settings

    settings.register_profile("quick", max_examples=5, deadline=None, phases=[Phase.generate])
    settings.load_profile("quick")

    @pytest.fixture(scope="session")
    def device():
        return torch.device("cpu")
"""

MODULATION = """
    import torch
    import torch.nn.functional as F
    from torch import nn


    def conv(fin, fout):
        return nn.Conv2d(fin, fout, 3, padding=1)


    class Affine(nn.Module):
        def __init__(self, fin, hidden, channels):
            super().__init__()
            self.shared, self.gamma, self.beta = conv(fin, hidden), conv(hidden, channels), conv(hidden, channels)

        def forward(self, maps):
            hidden = self.shared(maps).clamp(min=0)
            return torch.stack([self.gamma(hidden), self.beta(hidden)])


    class Right(nn.Module):
        def __init__(self, channels, part_channels, noise_channels, hidden, gammas=1):
            super().__init__()
            self.norm = nn.BatchNorm2d(channels, affine=False)
            self.part, self.noise = Affine(part_channels, hidden, gammas), Affine(noise_channels, hidden, gammas)

        def forward(self, x, part, mask, noise):
            mask, part, noise = (F.interpolate(m, x.shape[-2:]) for m in (mask, part, noise))
            gamma, beta = torch.where(mask == 1, self.part(part), self.noise(noise))
            return self.norm(x) * (1 + gamma) + beta


    class InvertedMask(Right):
        def forward(self, x, part, mask, noise):
            return super().forward(x, part, 1 - mask, noise)


    class AGammaForEachChannel(Right):
        def __init__(self, channels, part_channels, noise_channels, hidden):
            super().__init__(channels, part_channels, noise_channels, hidden, gammas=channels)


    class Block(nn.Module):
        modulation = Right

        def __init__(self, fin, fout, *, map_channels, part_channels, noise_channels, spade_hidden, part_hidden):
            super().__init__()
            self.part_step = self.modulation(fin, part_channels, noise_channels, part_hidden)
            self.from_map = nn.Conv2d(map_channels, fin, 1)
            self.to_out = conv(fin, fout)

        def forward(self, x, semantic_map, part, mask, noise):
            return self.to_out(self.part_step(x + self.from_map(semantic_map), part, mask, noise).relu())


    class InvertedBlock(Block):
        modulation = InvertedMask
"""

TESTS = """
    import modulation
    from ipose.testing.part_modulation_contract import PartModulationContract
    from ipose.testing.psm_block_contract import PSMBlockContract

    class TestRight(PartModulationContract):
        implementation = modulation.Right

    class TestInvertedMask(PartModulationContract):
        implementation = modulation.InvertedMask

    class TestAGammaForEachChannel(PartModulationContract):
        implementation = modulation.AGammaForEachChannel

    class TestBlock(PSMBlockContract):
        implementation = modulation.Block

    class TestInvertedBlock(PSMBlockContract):
        implementation = modulation.InvertedBlock
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A stranger's repository."""
    root = tmp_path_factory.mktemp("stranger")
    for name, text in {"conftest.py": CONFTEST, "modulation.py": MODULATION, "test_mine.py": TESTS}.items():
        (root / name).write_text(textwrap.dedent(text))
    return root


def pytest_says(root, *words):
    """What one run of pytest in the repository prints."""
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-c", os.devnull]
    places = [str(root), os.environ.get("PYTHONPATH", "")]
    said = subprocess.run(
        [*command, "--rootdir", str(root), str(root), *words],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout + said.stderr


@pytest.fixture(scope="module")
def verdicts(repository):
    """PASSED and FAILED by (class, claim)."""
    said = pytest_says(repository, "--tb=no")
    lines = re.findall(r"^(PASSED|FAILED|ERROR) \S*test_mine\.py::(\w+)::(\w+)", said, re.MULTILINE)
    assert lines, said
    return {(case, claim): verdict for verdict, case, claim in lines}


def failed(verdicts, case):
    """The claims that a class fails, out of those that it was asked."""
    asked = {claim: verdict for (name, claim), verdict in verdicts.items() if name == case}
    assert len(asked) >= 8
    return {claim for claim, verdict in asked.items() if verdict != "PASSED"}


class TestContractsFromOutside:
    """Given modules that know nothing of our tests, their author learns from our contracts which are right."""

    @pytest.mark.parametrize("case", ["TestRight", "TestBlock"])
    def test_a_right_module_passes_every_claim(self, verdicts, case):
        assert failed(verdicts, case) == set()

    def test_an_inverted_mask_fails_what_the_mask_means(self, verdicts):
        assert failed(verdicts, "TestInvertedMask") >= {
            "test_agrees_with_the_loops_in_float64",
            "test_where_the_mask_is_1_the_noise_does_not_enter",
            "test_where_the_mask_is_0_the_part_features_do_not_enter",
        }

    def test_a_gamma_for_each_channel_fails_the_claim_of_one(self, verdicts):
        found = failed(verdicts, "TestAGammaForEachChannel")
        assert "test_gamma_and_beta_have_one_channel_shared_by_all_features" in found
        assert "test_where_the_mask_is_1_the_noise_does_not_enter" not in found

    def test_a_block_of_an_inverted_mask_fails_too(self, verdicts):
        assert failed(verdicts, "TestInvertedBlock") == {
            "test_where_no_part_is_known_the_part_features_do_not_enter",
            "test_where_parts_are_known_everywhere_the_noise_does_not_enter",
        }

    def test_a_gamma_for_each_channel_passes_the_interface(self, repository):
        said = pytest_says(repository, "--tb=no", "-k", "TestAGammaForEachChannel and not paper_method")
        assert re.search(r"^[3-9] passed, \d+ deselected", said, re.MULTILINE), said

    def test_and_pytest_names_the_claim_of_the_paper_that_it_leaves(self, repository):
        said = pytest_says(repository, "--tb=short", "-k", "TestAGammaForEachChannel and shared_by_all_features")
        assert "A claim of the paper's method does not hold. Gamma and beta have one channel shared" in said
        assert "(iPOSE sec. 3.2)" in said
