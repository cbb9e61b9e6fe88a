"""The harness's short version: every kind of fault once that is not a long one, in the order of a fixed seed.

`scripts/faults` is the long one, and `scripts/faults --mutant` the one that must find something. A run that fails
leaves its logs and its ledger below .data/faults.
"""

import pytest

from tests.faults.injectors import FAULTS
from tests.faults.options import Options
from tests.faults.run import folder_for, run

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

SEED = 2300
# For a machine that is busy otherwise: how long it may take is what the long run judges.
PATIENCE_S = 1200.0
# A doubt may wait as long again as it is old, and there the faults alone take minutes.
ENDS_WITHIN_S = 600.0
KINDS = tuple(kind for kind, fault in FAULTS.items() if not fault.long)


def test_nothing_is_lost_or_sent_twice_whatever_breaks() -> None:
    options = Options(
        seed=SEED,
        seconds=PATIENCE_S,
        round=500,
        kinds=KINDS,
        each=1,
        pace=0.5,
        final_within_s=ENDS_WITHIN_S,
        finalize_within_s=ENDS_WITHIN_S,
    )
    report = run(options, folder_for(options))
    print(report.text())
    assert report.ok
    assert set(KINDS) - set(report.injected) == set()
    assert report.measures.detection.held_accepted > 0
    assert report.measures.finalization is not None
