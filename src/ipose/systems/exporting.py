"""`ipose export`: networks of a model as programs that need neither ipose nor its settings (torch.export, ONNX).

A system's record names a function that gives its programs (`System.exporting`). This module writes them, and compares
what was written with the model.
"""

import copy
import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

import ipose
from ipose.errors import ConfigError, MissingDependencyError, RunError
from ipose.model_folder import open_model
from ipose.systems.converting import refuse_occupied
from ipose.systems.record import function_named
from ipose.systems.registry import system_of_model, systems
from ipose.whole_files import replace_folder, write_text_whole

Form = Literal["onnx", "pt2"]

TOLERANCE = 1e-4
"""Largest difference of a written program from the model, as a share of the range of the model's answer."""

ONE_FILE = 1_500_000_000
"""Bytes of weights from which an ONNX file gets its weights in a second file: one file has at most 2 GiB."""

Sizes = Mapping[str, int]
"""The length of each free axis."""


@dataclass(frozen=True, eq=False)
class Program:
    """A network to export.

    Args:
        name: of the files.
        module: called with the inputs in their order; gives a tensor or a tuple of tensors.
        axes: the free axes, and the number that the length of each must be a multiple of.
        inputs: name and shape of each input, in words: "batch 31 height/32 width/32".
        outputs: likewise.
        example: makes inputs of given sizes.
    """

    name: str
    module: nn.Module
    axes: Mapping[str, int]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    example: Callable[[Sizes], tuple[Tensor, ...]]

    def sizes(self, times: int) -> dict[str, int]:
        """Axes of different lengths: from `times` on, each longer than the one before."""
        return {axis: multiple * (times + i) for i, (axis, multiple) in enumerate(self.axes.items())}


@dataclass(frozen=True, eq=False)
class Exports:
    """What a model can be exported as. A record's `exporting` function gives it.

    Args:
        about: what a user of the programs must know, as plain values, for export.json.
        left_out: sentences about what cannot be exported, and why.
    """

    programs: Sequence[Program]
    about: Mapping[str, Any] = field(default_factory=dict)
    left_out: Sequence[str] = ()


def export_model(
    model: Path, out: Path, forms: Sequence[Form] = ("onnx", "pt2"), only: Sequence[str] = ()
) -> list[str]:
    """Write NAME.onnx and NAME.pt2 for each program of a model, and export.json. `only`: names of some programs, () =
    all. Gives lines to print.

    Raises:
        ConfigError: a model of a system that cannot be exported, or no such program.
        MissingDependencyError: ONNX is asked for, and its packages are not here.
        RunError: no model there, `out` is taken, or a written program does not give the model's answers.
    """
    refuse_occupied(out, "the folder of an export")
    _check_forms(forms)
    saved = open_model(model)
    system = system_of_model(saved)
    if system.exporting is None:
        able = ", ".join(other.title for other in systems() if other.exporting)
        mend = system.instead or "Use it with ipose generate, or from Python."
        raise ConfigError("this system has no export", file=model, found=system.title, expected=able, mend=mend)
    exports: Exports = function_named(system.exporting)(function_named(system.loading)(saved))
    names = [program.name for program in exports.programs]
    if unknown := [name for name in only if name not in names]:
        raise ConfigError("no such program of this model", field="only", found=unknown[0], expected=", ".join(names))
    programs = [program for program in exports.programs if program.name in (only or names)]
    lines: list[str] = []
    replace_folder(out, lambda folder: lines.extend(_write_all(folder, programs, forms, exports.about)))
    return [*(f"{out / line}" for line in lines), *(() if only else exports.left_out)]


def frozen(network: nn.Module) -> nn.Module:
    """A copy in eval mode, without gradients, whose parametrised weights (spectral norm) are computed for good."""
    network = copy.deepcopy(network).eval()
    for module in [module for module in network.modules() if parametrize.is_parametrized(module)]:
        values = {name: getattr(module, name).detach() for name in module.get_submodule("parametrizations")._modules}
        del module.parametrizations
        plain = type(module).__base__  # torch gave the original and its copy one class, which stays as it is
        assert plain is not None
        module.__class__ = plain
        for name, value in values.items():
            module.register_parameter(name, nn.Parameter(value))
    return network.requires_grad_(False)


def _check_forms(forms: Sequence[Form]) -> None:
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if "onnx" in forms and missing:
        raise MissingDependencyError(
            f"ONNX needs packages that are not installed: {', '.join(missing)}",
            mend='Run pip install "ipose[export]", or write torch.export files alone: --forms pt2.',
        )


def _write_all(
    folder: Path, programs: Sequence[Program], forms: Sequence[Form], known: Mapping[str, Any]
) -> Iterator[str]:
    """Write the files; yields a line for each."""
    about: dict[str, Any] = {"made_by": f"ipose {ipose.__version__}", **known, "programs": {}}
    for program in programs:
        traced = _traced(program)
        axes = {axis: f"any multiple of {multiple}" for axis, multiple in program.axes.items()}
        about["programs"][program.name] = {"axes": axes, "inputs": program.inputs, "outputs": program.outputs}
        for form in forms:
            file = folder / f"{program.name}.{form}"
            run = _onnx(traced, program, file) if form == "onnx" else _pt2(traced, program, file)
            yield f"{file.name} (differs from the model by at most {_difference(program, run, file):.0e})"
    write_text_whole(folder / "export.json", json.dumps(about, indent=1) + "\n")
    yield "export.json"


def _traced(program: Program) -> torch.export.ExportedProgram:
    """The program of torch.export. Gradients are on: without them, the layers take turns that fit one size."""
    free = {
        axis: torch.export.Dim(axis if multiple == 1 else f"{axis}_by_{multiple}", min=1)
        for axis, multiple in program.axes.items()
    }
    shapes = tuple(
        {i: dim for i, word in enumerate(shape.split()) if (dim := _dimension(word, free, program.axes)) is not None}
        for shape in program.inputs.values()
    )
    example = program.example(program.sizes(2))
    with torch.enable_grad(), _torch_at_work(program):
        return torch.export.export(program.module, example, dynamic_shapes=shapes, strict=False)


@contextmanager
def _torch_at_work(program: Program) -> Iterator[None]:
    """torch's warnings are about itself; its pages of reasons become a sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:  # of many types, which are no part of torch's interface
        raise RunError(
            f"torch cannot export {program.name}",
            found=str(error).strip().split("\n")[0][:300],
            mend="An own block must not make tensors whose sizes depend on the data. With ipose's own networks: try "
            "another version of torch, and report it.",
        ) from error


def _dimension(word: str, free: Mapping[str, Any], multiples: Sizes) -> Any:
    """ "height" is multiple * the symbol, "height/32" the symbol itself, "3" nothing."""
    axis, _, divisor = word.partition("/")
    if axis not in free:
        return None
    return free[axis] if divisor or multiples[axis] == 1 else multiples[axis] * free[axis]


Run = Callable[..., tuple[Tensor, ...]]


def _pt2(traced: torch.export.ExportedProgram, program: Program, file: Path) -> Run:
    with _torch_at_work(program):
        torch.export.save(traced, file)
        module = torch.export.load(file).module()
    return lambda *inputs: _tuple(module(*inputs))


def _onnx(traced: torch.export.ExportedProgram, program: Program, file: Path) -> Run:
    import onnxruntime

    weights = sum(tensor.nbytes for tensor in traced.state_dict.values())
    with _torch_at_work(program):
        written = torch.onnx.export(
            traced, dynamo=True, input_names=[*program.inputs], output_names=[*program.outputs], verbose=False
        )
        assert written is not None
        written.save(file, external_data=weights > ONE_FILE)
    session = onnxruntime.InferenceSession(file)

    def run(*inputs: Tensor) -> tuple[Tensor, ...]:
        given = {name: tensor.numpy() for name, tensor in zip(program.inputs, inputs, strict=True)}
        return tuple(torch.from_numpy(array) for array in session.run(None, given))

    return run


def _difference(program: Program, run: Run, file: Path) -> float:
    """Largest difference from the model, as a share of the range of its answers, at other sizes than the traced."""
    worst = 0.0
    for times in (1, 3):
        inputs = program.example(program.sizes(times))
        with torch.no_grad():
            wanted = _tuple(program.module(*inputs))
            found = run(*inputs)
        for mine, theirs in zip(found, wanted, strict=True):
            span = float(theirs.max() - theirs.min()) or 1.0
            worst = max(worst, float((mine.detach().double() - theirs.double()).abs().max()) / span)
    if not worst <= TOLERANCE:
        raise RunError(
            "the written program does not give the model's answers",
            file=file.name,
            found=f"a difference of {worst:.1e} of the range",
            expected=f"at most {TOLERANCE:.0e}",
            mend="Please report it, with the versions of torch and onnxruntime.",
        )
    return worst


def _tuple(answer: Any) -> tuple[Tensor, ...]:
    return (answer,) if isinstance(answer, Tensor) else tuple(answer)
