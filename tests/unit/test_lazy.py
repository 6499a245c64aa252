"""Tables of contents import nothing until a name is asked for."""

import importlib
import subprocess
import sys

import pytest

import ipose
from ipose.lazy import lazy_attributes

PACKAGES = ("ipose", "ipose.layers", "ipose.losses", "ipose.shapes", "ipose.testing")


class TestLazyAttributes:
    """The `__getattr__` of a package."""

    def test_a_name_is_looked_up_in_its_module(self):
        look_up = lazy_attributes("ipose", ipose.__file__)
        assert look_up("IposeError").__module__ == "ipose.errors"
        assert look_up("IposeError") is ipose.IposeError

    def test_a_name_that_is_not_listed_is_an_attribute_error(self):
        for name in ("nothing", "TYPE_CHECKING_", "ConfigError"):
            with pytest.raises(AttributeError, match=f"module 'ipose' has no attribute '{name}'"):
                lazy_attributes("ipose", ipose.__file__)(name)
        assert not hasattr(ipose, "nothing")

    def test_importing_the_package_imports_no_torch(self):
        script = "import sys, ipose, ipose.errors; assert 'torch' not in sys.modules"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", PACKAGES)
def test_every_name_of_a_table_of_contents_can_be_had(name):
    package = importlib.import_module(name)
    assert package.__all__
    assert [entry for entry in package.__all__ if not hasattr(package, entry)] == []
