"""The operator: watches the progress through the API, and resumes what Twilio's refusals paused, and what somebody did
who got no answer to it and went away."""

import contextlib
import threading
from random import Random

import psycopg2

from tests.faults.api import NoAnswerError
from tests.faults.journal import Journal
from tests.faults.load import Load, Made
from tests.faults.verdict import Kind, Violation

EVERY_S = 0.5
RESUMED = ("Twilio:", "La pausó una persona", "Tope de gasto")
PARTS = ("pendientes", "enviando", "inciertos", "exitosos", "fallidos")


class Operator:
    """Works in a thread of its own for the length of a `with` block.

    Attributes:
        looks: how often a progress was read.
    """

    def __init__(self, load: Load, journal: Journal, rng: Random) -> None:
        self._load, self._journal, self._rng = load, journal, rng
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="operator")
        self.looks = 0
        self._violations: list[tuple[Made, Violation]] = []

    def __enter__(self) -> "Operator":
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def violations(self) -> list[Violation]:
        """Return the progresses whose parts did not add up; a campaign that PostgreSQL has lost has none."""
        return [violation for made, violation in self._violations if made not in self._load.vanished]

    def _work(self) -> None:
        while not self._stop.wait(EVERY_S):
            # Down for longer than this is the judge's business, not the operator's.
            with contextlib.suppress(NoAnswerError, psycopg2.Error):
                self._round()

    def _round(self) -> None:
        alive = self._load.running()
        paused = [made for made, estado in alive if estado == "pausado"]
        others = [made for made, estado in alive if estado != "pausado"]
        for made in (*paused, *self._rng.sample(others, min(2, len(others)))):
            self._look(made)

    def _look(self, made: Made) -> None:
        answer = made.api.get(f"/campanas/{made.id}/progreso/", within_s=5.0)
        self.looks += 1
        if answer.status != 200:
            said = f"progress was answered {answer.status}: {answer.body}"
            self._violations.append((made, Violation(Kind.WRONG, made.id, None, said)))
            return
        now = answer.body
        parts = {part: now[part] for part in PARTS}
        if now["total"] != sum(parts.values()):
            said = f"total {now['total']}, parts {parts}"
            self._violations.append((made, Violation(Kind.WRONG, made.id, None, said)))
        if now["estado"] == "pausado" and now["motivo"].startswith(RESUMED) and made.id not in self._load.held:
            answer = made.api.post(f"/campanas/{made.id}/reanudar/", within_s=5.0)
            self._journal.say(f"operator: resumed campaign {made.id}: {answer.status}")
