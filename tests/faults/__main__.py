"""The harness's command line: `scripts/faults`."""

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from core.stack.layout import DEFAULT_DATA, private_folder
from tests.faults.options import Options, parse
from tests.faults.run import Run
from tests.faults.stack import StackDownError


def folder_for(options: Options) -> Path:
    """A new folder for this run."""
    name = f"{datetime.now(tz=UTC):%Y%m%d-%H%M%S}-seed-{options.seed}"
    return private_folder(DEFAULT_DATA / "faults" / name)


def main() -> int:
    options = parse()
    folder = folder_for(options)
    print(f"seed {options.seed}; watch {folder / 'faults.log'}", flush=True)  # noqa: T201
    try:
        report = Run(options, folder).go()
    except StackDownError as error:
        print(f"VIOLATED: the product is down: {error}\nlogs and ledger are in {folder}", file=sys.stderr)  # noqa: T201
        return 1
    print(report.text())  # noqa: T201
    if options.report:
        report.write(options.report)
    if report.ok and not options.keep:
        shutil.rmtree(folder)
    else:
        report.write(folder / "report.json")
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
