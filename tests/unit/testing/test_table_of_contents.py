"""`ipose.testing` names every contract of its folder, and waits with importing until it is asked."""

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import ipose.testing

FOLDER = Path(ipose.testing.__file__).parent


@pytest.mark.parametrize("name", ipose.testing.__all__)
def test_every_name_leads_to_something_of_that_name(name):
    assert getattr(ipose.testing, name).__name__ == name


@pytest.mark.parametrize("module", sorted(path.stem for path in FOLDER.glob("*_contract.py")))
def test_every_contract_of_the_folder_is_exported_and_has_tests(module):
    members = inspect.getmembers(import_module(f"ipose.testing.{module}"), inspect.isclass)
    contracts = [
        contract
        for name, contract in members
        if name.endswith("Contract") and contract.__module__ == f"ipose.testing.{module}"
    ]
    assert contracts
    for contract in contracts:
        assert contract.__name__ in ipose.testing.__all__
        assert contract.__doc__
        assert any(name.startswith("test_") for name in dir(contract))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        ipose.testing.nonsense  # noqa: B018


def test_importing_it_does_not_wait_for_torch():
    code = "import sys, ipose.testing; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_the_law_of_a_stranger_is_a_decorator_whatever_was_imported_before():
    code = "import ipose.testing.geometric_score_contract; from ipose.testing import law; print(callable(law(a=None)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert said.stdout == "True\n", said.stderr
