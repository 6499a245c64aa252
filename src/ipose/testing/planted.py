"""A contract is only as good as the wrong versions that it rejects: run one on a planted fault and see what fails."""

import inspect
from typing import Any

import pytest
import torch


def failed_tests(contract: type, implementation: Any, **attributes: Any) -> set[str]:
    """Names of the contract's tests that this implementation fails. A law ends at its first counterexample.

    Args:
        contract: a contract class whose tests take no fixture but `device`.
        implementation: what to judge: a function, class or value.
        attributes: further class attributes of the contract.
    Example:
        >>> from ipose.testing.relaxed_emd_contract import RelaxedEMDContract
        >>> sorted(failed_tests(RelaxedEMDContract, lambda a, b: (a.mean() - b.mean()).square()))[0]
        'test_a_batch_is_the_mean_of_its_images'
    """
    held = staticmethod(implementation) if inspect.isfunction(implementation) else implementation
    case = type("Planted", (contract,), {"implementation": held, **attributes})()
    failed = set()
    for name, test in inspect.getmembers(type(case), inspect.isfunction):
        if name.startswith("test_"):
            try:
                getattr(test, "until_it_fails", test)(case, device=torch.device("cpu"))
            except (Exception, pytest.fail.Exception):
                failed.add(name)
    return failed
