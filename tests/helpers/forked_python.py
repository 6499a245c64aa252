"""A Python that has imported torch and ipose already: `python -m ipose` of a shell script runs in a fork of it.

A start of Python with torch takes two to five seconds of a processor, and a script of commands starts it many times.
Run as a program, this file is what such a script calls in place of Python. Other calls of Python start a real one.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

IMPORTED = ("ipose.systems.training", "ipose.evaluation.image_cards", "torch._dynamo", "torchmetrics.classification")
"""What trainings and judges import; optimizers import torch._dynamo when they are first used."""

LONGEST_SECONDS = 300
"""A command that takes longer is killed."""


def serve(path: str) -> None:
    """Wait for commands; run each in a forked process with its caller's folder, input and output."""
    for module in IMPORTED:
        import_module(module)
    from ipose.cli.main import main

    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(path)
        server.listen()
        print("ready", flush=True)
        while True:
            caller, _ = server.accept()
            request, files, _, _ = socket.recv_fds(caller, 1 << 16, 3)
            folder, words = json.loads(request)
            gc.freeze()  # what is here is not looked at again by a fork, which would copy it
            command = os.fork()
            if command == 0:
                for number, file in enumerate(files):
                    os.dup2(file, number)
                for name, number in (("stdout", 1), ("stderr", 2)):  # what they know of files is of the parent's
                    old = getattr(sys, name)
                    setattr(sys, name, os.fdopen(number, "w", encoding=old.encoding, errors=old.errors, closefd=False))
                os.chdir(folder)
                signal.alarm(LONGEST_SECONDS)
                main(words)
                return  # and this process ends as Python does
            for file in files:
                os.close(file)
            code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
            with caller, suppress(BrokenPipeError):  # who called may have been killed
                caller.send(bytes([code if code >= 0 else 128 - code]))


def call(path: str, words: list[str]) -> int:
    """What `python WORDS` exits with."""
    if words[:2] != ["-m", "ipose"] or "PYTHONIOENCODING" in os.environ:  # a fork has the encoding of its parent
        os.execv(sys.executable, [sys.executable, *words])
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as caller:
        caller.connect(path)
        socket.send_fds(caller, [json.dumps([str(Path.cwd()), words[2:]]).encode()], [0, 1, 2])
        return caller.recv(1)[0]


@contextmanager
def forked_python(folder: Path, source: Path) -> Iterator[Path]:
    """The program to call in place of Python, while the context lasts.

    Args:
        folder: where it may write.
        source: the folder that the package `ipose` is in.
    """
    program, path = folder / "python", str(folder / "socket")
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {__file__} {path} "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--serve", path]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield program
        server.terminate()


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        sys.exit(call(sys.argv[1], sys.argv[2:]))
