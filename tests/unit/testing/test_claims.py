"""Every claim of a contract is of the interface or of the paper's method, and a failed one says which."""

import inspect
import traceback

import pytest
import torch

import ipose.testing
from ipose.layers.injection_blocks import ConcatInjectionBlock, PlainBlock, SpadeInjectionBlock
from ipose.testing import PartModulationContract, PSMBlockContract, RelaxedEMDContract, failed_tests
from ipose.testing.claims import claims

CONTRACTS = [getattr(ipose.testing, name) for name in ipose.testing.__all__ if name.endswith("Contract")]


def of_kind(contract, kind):
    return {claim.test for claim in claims(contract) if claim.kind == kind}


class TestKinds:
    """`interface` and `paper_method`."""

    @pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
    def test_every_claim_of_every_contract_has_one(self, contract):
        tests = {name for name, _ in inspect.getmembers(contract, inspect.isfunction) if name.startswith("test_")}
        assert {claim.test for claim in claims(contract)} == tests
        assert all(claim.words for claim in claims(contract))

    def test_no_claim_has_both(self):
        for contract in CONTRACTS:
            assert not of_kind(contract, "interface") & of_kind(contract, "paper_method")

    @pytest.mark.parametrize("block", [SpadeInjectionBlock, ConcatInjectionBlock, PlainBlock])
    def test_every_block_of_table_3_keeps_the_interface_and_leaves_the_method(self, block):
        failed = failed_tests(PSMBlockContract, block)
        assert not failed & of_kind(PSMBlockContract, "interface")
        assert failed & of_kind(PSMBlockContract, "paper_method")


class TestWordsOfAFailure:
    """A failed claim says what was expected, which kind it is, and what to do."""

    def said(self, contract, implementation, test):
        case = type("Planted", (contract,), {"implementation": staticmethod(implementation)})()
        try:
            getattr(case, test)(device=torch.device("cpu"))
        except Exception as error:  # contracts fail by AssertionError or by what a planted fault raises
            return "".join(traceback.format_exception_only(error))
        raise AssertionError("the planted fault passed")

    def test_of_the_method(self):
        test = "test_opposite_tokens_are_2_apart"
        said = self.said(RelaxedEMDContract, lambda a, b: (a.mean() - b.mean()).square(), test)
        assert "A claim of the paper's method does not hold. Opposite tokens are 2 apart: tokens are" in said
        assert 'pytest -k "not paper_method"' in said

    def test_of_the_interface(self):
        said = self.said(RelaxedEMDContract, lambda a, b: a.mean() - b.mean() + 1, "test_is_zero_on_permuted_copies")
        assert "A claim of the interface does not hold. Is zero on permuted copies." in said

    def test_a_gamma_for_each_channel_leaves_a_claim_with_a_name(self):
        words = {claim.test: claim.words for claim in claims(PartModulationContract) if claim.kind == "paper_method"}
        said = words["test_gamma_and_beta_have_one_channel_shared_by_all_features"]
        assert said.endswith("gamma and beta have one value a pixel, for all channels (iPOSE sec. 3.2)")
