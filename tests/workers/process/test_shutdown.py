"""The end of a worker, seen from its steps."""

from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import pytest

from core.postgresql import lending
from workers.engine.lote import paced
from workers.process.steps import Clocks


def test_giving_back_waits_for_no_tasks_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that still run may have all the connections that they get."""
    asked: list[lending.Kind] = []
    monkeypatch.setattr(paced, "give_back", lambda: asked.append(lending.kind()))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(Clocks(Mock()).stop, Mock()).result()
    assert asked == [lending.Kind.TIMER]
