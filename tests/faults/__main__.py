"""The harness's command line: `scripts/faults`."""

import signal
import sys

from tests.faults.injectors import LEFT_OUT
from tests.faults.options import parse
from tests.faults.run import folder_for, run
from tests.faults.stack import StackDownError


def main() -> int:
    options = parse()
    folder = folder_for(options)
    for kind, why in LEFT_OUT.items():
        print(f"left out: {kind}: {why}", flush=True)
    print(f"seed {options.seed}; watch {folder / 'faults.log'}", flush=True)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that what was started is stopped
    try:
        report = run(options, folder)
    except StackDownError as error:
        print(f"VIOLATED: the product is down: {error}\nlogs and ledger are in {folder}", file=sys.stderr)
        return 1
    print(report.text())
    if options.report:
        report.write(options.report)
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
