"""The name of a generator's block, as run.json and config.json hold it, and the way back from the name to the class.

Importing a module runs its code. So only the module that is named is imported, and only from where Python looks for
modules: installed packages and PYTHONPATH, never the model folder itself.
"""

import pkgutil

from torch import nn

from ipose.errors import ConfigError
from ipose.layers.psm_block import BlockFactory


def block_name(block: BlockFactory) -> str:
    """ "module:Class" of a class. Of a function or another factory, its kind: by name alone it cannot be made again.

    Example:
        >>> from ipose.layers.psm_block import PSMBlock
        >>> block_name(PSMBlock)
        'ipose.layers.psm_block:PSMBlock'
    """
    name = f"{getattr(block, '__module__', '')}:{getattr(block, '__qualname__', type(block).__qualname__)}"
    return name if isinstance(block, type) else f"{type(block).__name__} {name}"


def block_named(name: str) -> type[nn.Module]:
    """The class of blocks that "module:Class" names. Its module is imported now.

    Args:
        name: as `block_name` gives it; "module.Class", too, as earlier versions wrote it.
    Raises:
        ConfigError: nothing that can be imported, or something that is no class of `torch.nn.Module`.
    """
    try:
        found = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            "a generator block that cannot be imported",
            field="block",
            found=f"{name} ({error})",
            expected="module:Class, from an installed package or a folder on PYTHONPATH",
            mend=_way_out(name),
        ) from error
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        expected = "a class of torch.nn.Module with the arguments of PSMBlock"
        raise ConfigError("no generator block", field="block", found=f"{name}: {found!r}", expected=expected)
    return found


def _way_out(name: str) -> str:
    by_hand = "in Python, pass the class: IPose.from_pretrained(..., block=...)."
    module = name.split(":")[0].split(".")[0]
    if module == "__main__" or "<" in name or " " in name:
        return f"Move the class to the top of a module of its own; or, {by_hand}"
    return f"Say PYTHONPATH=FOLDER before the command, where {module} lies in FOLDER, or install it; or, {by_hand}"
