"""The embedded stack's command line.

python -m local.stack up   [--data DIR]            everything, until Ctrl-C
python -m local.stack demo [--data DIR] [--stay]   everything, quietly, with the demonstration in front
python -m local.stack run  [--data DIR] -- CMD…    PostgreSQL and Valkey only, while CMD runs
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from local.stack import commands
from local.stack.errors import StackError


def parse(args: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.stack", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = parser.add_subparsers(dest="name", required=True, metavar="up | demo | run")
    for name in ("up", "demo", "run"):
        sub = names.add_parser(name)
        sub.add_argument("--data", type=Path, metavar="DIR", help="the data folder")
        if name == "demo":
            sub.add_argument("--stay", action="store_true", help="keep everything up afterwards")
        if name == "run":
            sub.add_argument("command", nargs="+", metavar="CMD", help="after --, the command to run")
    return parser.parse_args(args)


def main(args: Sequence[str]) -> int:
    options = parse(args)
    # Databases, logs and keys: nothing made here is for other users of the machine.
    os.umask(0o077)
    try:
        match options.name:
            case "up":
                return asyncio.run(commands.up(options.data))
            case "demo":
                return asyncio.run(commands.demo(options.data, stay=options.stay))
            case _:
                return asyncio.run(commands.run(options.command, options.data))
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error.filename or 'the stack'}: {error.strerror or error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
