"""Copies: given while they are young, read again behind the answer, and to nobody when they are old."""

from threading import Event, Thread

import pytest

from core.reciente import Reciente
from tests.local.stack.support import eventually


class Truth:
    """A source that counts how often it is read, and may be slow or broken."""

    def __init__(self) -> None:
        self.reads = 0
        self.open = Event()
        self.open.set()
        self.broken = False

    def read(self, key: str) -> str:
        self.reads += 1
        number = self.reads
        assert self.open.wait(20)
        if self.broken:
            raise OSError("away")
        return f"{key}{number}"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("core.reciente.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def truth() -> Truth:
    return Truth()


@pytest.fixture
def copies(truth: Truth) -> Reciente[str, str]:
    return Reciente(truth.read, fresh_s=1.0, stale_s=3.0)


def test_a_young_copy_is_given_as_it_is(copies: Reciente[str, str], truth: Truth, clock: list[float]) -> None:
    assert [copies.get("a"), copies.get("a"), copies.get("b")] == ["a1", "a1", "b2"]
    clock[0] += 0.9
    assert (copies.get("a"), truth.reads) == ("a1", 2)


def test_one_that_ages_is_read_anew_behind_the_answer_and_once(
    copies: Reciente[str, str], truth: Truth, clock: list[float]
) -> None:
    copies.get("a")
    clock[0] += 2
    truth.open.clear()
    assert [copies.get("a") for _ in range(5)] == ["a1"] * 5  # the reading stands still, and nobody waits for it
    truth.open.set()
    eventually(lambda: copies.get("a") == "a2", "the new copy")
    assert truth.reads == 2


def test_an_old_one_is_given_to_nobody(copies: Reciente[str, str], clock: list[float]) -> None:
    copies.get("a")
    clock[0] += 3.5
    assert copies.get("a") == "a2"


def test_a_copy_is_as_old_as_its_reading_began(copies: Reciente[str, str], truth: Truth, clock: list[float]) -> None:
    truth.open.clear()
    asking = Thread(target=copies.get, args=("a",))
    asking.start()
    eventually(lambda: truth.reads == 1, "the reading")
    clock[0] += 3.5
    truth.open.set()
    asking.join()
    assert copies.get("a") == "a2"


def test_a_reading_that_fails_is_heard_of_once_the_copy_is_old(
    copies: Reciente[str, str], truth: Truth, clock: list[float]
) -> None:
    copies.get("a")
    truth.broken = True
    clock[0] += 2
    assert copies.get("a") == "a1"
    eventually(lambda: truth.reads == 2, "the failed reading")
    clock[0] += 2
    with pytest.raises(OSError, match="away"):
        copies.get("a")
    truth.broken = False
    assert copies.get("a").startswith("a")


def test_old_copies_are_not_kept(copies: Reciente[str, str], clock: list[float]) -> None:
    for n in range(50):
        clock[0] += 1
        copies.get(str(n))
    assert len(copies._copies) <= 4
