"""Entry point of the `ipose` command."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import tyro
from tyro.conf import subcommand

import ipose
from ipose.cli.commands.data import Doctor, PartWorldScenes, Supports
from ipose.cli.commands.demo import Demo
from ipose.cli.commands.train import train_command
from ipose.cli.commands.use import Evaluate, Generate, Info, Parts
from ipose.errors import IposeError

DESCRIPTION = "iPOSE (CVPR 2023): semantic image synthesis that infers object parts from object shapes."


def parse(args: Sequence[str]) -> Any:
    """The command that `args` asks for, as a value with a `run()`."""
    commands: Any = (
        Annotated[Demo, subcommand("demo")]
        | Annotated[Doctor, subcommand("doctor")]
        | Annotated[Supports, subcommand("supports")]
        | Annotated[Parts, subcommand("parts")]
        | train_command(args)
        | Annotated[Generate, subcommand("generate")]
        | Annotated[Evaluate, subcommand("evaluate")]
        | Annotated[Info, subcommand("info")]
        | Annotated[PartWorldScenes, subcommand("partworld")]
    )
    conf = (tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff)
    return tyro.cli(commands, prog="ipose", description=DESCRIPTION, args=args, config=conf)


def main(args: Sequence[str] | None = None) -> None:
    """Run one command. Exit codes: 0 done, 1 a check found faults, 2 it could not be done, 130 interrupted."""
    given = list(sys.argv[1:] if args is None else args)
    if given in (["--version"], ["version"]):
        print(f"ipose {ipose.__version__}")
        return
    try:
        code = parse(given).run()
    except IposeError as error:
        print(f"ipose: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("ipose: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:
        raise SystemExit(0) from None
    if code:
        raise SystemExit(code)


if __name__ == "__main__":
    main()
