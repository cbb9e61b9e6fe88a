"""The harness's short version: every kind of fault once, in the order of a fixed seed, and two mutants.

`scripts/faults` is the long one.
"""

from pathlib import Path

import pytest

from tests.faults.injectors import FAULTS
from tests.faults.mutants import MUTANTS
from tests.faults.options import MUTANT_FINAL_WITHIN_S, Options
from tests.faults.run import Run

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

SEED = 2300
PATIENCE_S = 1200.0  # for a machine that is busy otherwise


def test_nothing_is_lost_or_sent_twice_whatever_breaks(tmp_path: Path) -> None:
    report = Run(Options(seed=SEED, seconds=PATIENCE_S, round=500, each=1, pace=0.5), tmp_path).go()
    print(report.text())  # noqa: T201 - shown when it fails
    assert report.ok
    assert set(FAULTS) - set(report.injected) == set()
    assert report.measures.detection.held_accepted > 0
    assert report.measures.finalization is not None


@pytest.mark.parametrize("name", ["blind-retry", "record-first"])
def test_the_oracle_reports_a_product_with_a_known_fault(tmp_path: Path, name: str) -> None:
    options = Options(
        seed=SEED, seconds=1.0, round=400, kinds=MUTANTS[name].faults, pace=0.3, mutant=name,
        final_within_s=MUTANT_FINAL_WITHIN_S,
    )  # fmt: skip
    report = Run(options, tmp_path).go()
    print(report.text())  # noqa: T201
    assert report.ok
