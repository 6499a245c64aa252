"""Entry point of the `ipose` command."""

import io
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import Annotated, Any

import tyro
from tyro.conf import subcommand

import ipose
from ipose.cli.ablate import ablate_command
from ipose.cli.convert import Export, convert_command
from ipose.cli.data import Data, Doctor, PartWorldScenes
from ipose.cli.evaluate import Evaluate
from ipose.cli.generate import EditScene, Figures, generate_command
from ipose.cli.labels import Labels
from ipose.cli.parts import Parts, Segment
from ipose.cli.printing import INTERRUPTED
from ipose.cli.runs import Demo, Info, Report
from ipose.cli.supports import Supports
from ipose.cli.train import plan_command, train_command, with_present_names
from ipose.errors import IposeError
from ipose.training.folders import writes

DESCRIPTION = "iPOSE (CVPR 2023): semantic image synthesis that infers object parts from object shapes."


def parse(args: Sequence[str]) -> Any:
    """The command that `args` asks for, as a value with a `run()`."""
    if list(args[:2]) == ["supports", "--from-segmenter"]:  # an option to read, a way to make supports to run
        args = ["supports", "from-segmenter", *args[2:]]
    args = with_present_names(args)
    commands: Any = (
        Annotated[Demo, subcommand("demo")]
        | Annotated[Doctor, subcommand("doctor")]
        | Annotated[Data, subcommand("data")]
        | Annotated[Labels, subcommand("labels")]
        | Annotated[Supports, subcommand("supports")]
        | Annotated[Parts, subcommand("parts")]
        | train_command(args)
        | plan_command(args)
        | Annotated[generate_command(), subcommand("generate")]
        | Annotated[EditScene, subcommand("edit")]
        | Annotated[Figures, subcommand("figures")]
        | Annotated[Segment, subcommand("segment")]
        | Annotated[Evaluate, subcommand("evaluate")]
        | Annotated[ablate_command(), subcommand("ablate")]
        | Annotated[Report, subcommand("report")]
        | Annotated[convert_command(), subcommand("convert")]
        | Annotated[Export, subcommand("export")]
        | Annotated[Info, subcommand("info")]
        | Annotated[PartWorldScenes, subcommand("partworld")]
    )
    with _faults_explained():
        return tyro.cli(commands, prog="ipose", description=DESCRIPTION, args=args, config=(tyro.conf.OmitArgPrefixes,))


def main(args: Sequence[str] | None = None) -> None:
    """Run one command. Exit codes: 0 done, 1 a check found faults, 2 it could not be done, 130 interrupted."""
    _print_anything()
    given = list(sys.argv[1:] if args is None else args)
    if given in (["--version"], ["version"]):
        print(f"ipose {ipose.__version__}")
        return
    try:
        command = parse(given)
        if given[:1] != ["train"] and not writes():
            print("ipose: only ipose train shares its work between processes; the first one does it.", file=sys.stderr)
            return
        code = command.run()
    except BrokenPipeError:
        raise SystemExit(0) from None
    except (IposeError, KeyboardInterrupt, UnicodeEncodeError, OSError) as error:
        print(f"ipose: {_in_words(error)}", file=sys.stderr)
        raise SystemExit(INTERRUPTED if isinstance(error, KeyboardInterrupt) else 2) from None
    if code:
        raise SystemExit(code)


def _in_words(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, UnicodeEncodeError):  # a file name that the locale's encoding does not have
        mend = "Set LC_ALL=C.UTF-8 or PYTHONUTF8=1, and run it again."
        return f"the locale cannot write the name {error.object!r}. {mend}"
    if isinstance(error, OSError) and not isinstance(
        error, IposeError
    ):  # no permission, disk full, a file for a folder
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror or error}."
    return str(error)


def _print_anything() -> None:
    """Let no letter stop a message: what the output's encoding does not have is printed as its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")  # what is wrong with a file, ipose says


@contextmanager
def _faults_explained() -> Iterator[None]:
    """Print the sentence of a config that refuses a value, without details of the parser."""
    parser_output = io.StringIO()
    try:
        with redirect_stderr(parser_output):
            yield
    except SystemExit as leaving:
        for error in _causes(leaving):
            if isinstance(error, IposeError):
                raise error from None
        sys.stderr.write(parser_output.getvalue())
        raise


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


if __name__ == "__main__":
    main()
