"""A year of beat: real database schedulers, a real broker, and what happens when they are doubled and killed.

The tasks that beat publishes are taken from the queue and run; time moves from one occurrence to the next.
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django_celery_beat.schedulers import DatabaseScheduler
from kombu import Queue

from campaigns.models import CampanaSMS, Ocurrencia
from campaigns.programaciones import beat, ocurrencias
from core.celery import app
from core.models import Usuario
from tests.campaigns.programaciones.calendario import COMIENZO, HORARIOS, ZONAS, momentos
from tests.factories import ClienteFactory, una_programacion
from workers import tasks  # noqa: F401 - registers them, as a worker does

# Schedulers close old connections, as a request does: a transaction around the test would go with them.
pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)
SWEEP = timedelta(seconds=5)
# The moments that stand for an hour that does not exist, in Santiago and in Madrid.
SALTADAS = {datetime(2027, 9, 5, 4, 0, tzinfo=UTC), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)}


class Killed(BaseException):
    """kill -9, in the middle of a tick."""


class Beat(DatabaseScheduler):  # type: ignore[misc] # untyped
    """A beat that may be killed after it moved its schedule on and before it published."""

    doomed = False

    def setup_schedule(self) -> None:
        """Without what settings tell beat to do, which has tests of its own: the scan is done by hand here."""
        self.install_default_entries(self.schedule)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        if self.doomed:
            raise Killed
        super().apply_entry(entry, producer=producer)

    def run_due(self) -> None:
        """Tick until nothing is due, as `celery beat` does without the sleep."""
        while self.tick() == 0:
            pass

    def forget(self) -> None:
        """Its process is gone: nothing of it is written later."""
        self._finalize.cancel()
        self._dirty.clear()


class Clocks:
    """Two beats on one database. A killed one is started again at the next moment."""

    def __init__(self, chance: random.Random, *, killed: float) -> None:
        self._chance = chance
        self._killed = killed
        self._beats = [Beat(app=app) for _ in range(2)]
        self.kills = Counter[str]()

    def run_due(self) -> int:
        """Let both do what is due; returns how many of them lived through it."""
        alive = 0
        for place, clock in enumerate(self._beats):
            clock.doomed = self._chance.random() < self._killed
            try:
                clock.run_due()
            except Killed:
                # Sometimes it had saved its schedule, and forgets the tick; sometimes not, and ticks once more.
                saved = self._chance.random() < 0.5
                if saved:
                    clock.sync()
                self.kills["saved" if saved else "not saved"] += 1
                clock.forget()
                self._beats[place] = Beat(app=app)
            else:
                alive += 1
        return alive

    def close(self) -> None:
        for clock in self._beats:
            clock.forget()


@pytest.fixture
def clocks(request: pytest.FixtureRequest) -> Iterator[Clocks]:
    with time_machine.travel(COMIENZO, tick=False):
        clocks = Clocks(random.Random(request.node.name), killed=0.15)
    yield clocks
    clocks.close()


@pytest.fixture
def queue() -> Iterator[Any]:
    """Where beat publishes, empty."""
    with app.connection_for_read() as connection:
        queue = Queue("campanas", channel=connection.default_channel)
        queue.declare()
        queue.purge()
        yield queue
        queue.purge()


def run_published(queue: Any) -> int:
    """Run beat's tasks for programaciones that are in the queue; returns how many there were."""
    done = 0
    while message := queue.get(no_ack=True):
        if message.headers["task"] == beat.ATENDER:  # a new campaign's nudge is there too
            args, kwargs, _ = message.decode()
            app.tasks[beat.ATENDER](*args, **kwargs)
            done += 1
    return done


@pytest.mark.parametrize("zona", ZONAS)
def test_a_year_with_two_beats_that_are_killed_has_one_campaign_for_each_occurrence(
    zona: str, clocks: Clocks, queue: Any, owner: Usuario
) -> None:
    ClienteFactory.create(usuario=owner)
    with time_machine.travel(COMIENZO, tick=False) as clock:
        wanted = {
            una_programacion(owner, nombre=name, zona=zona, **horario.fields).pk: momentos(horario, zona)
            for name, horario in HORARIOS.items()
        }
        ticked = by_beat = 0
        for moment in sorted({moment for moments in wanted.values() for moment in moments}):
            clock.move_to(moment + SECOND)
            alive = clocks.run_due()
            ticked += run_published(queue)
            due = sum(moment in moments for moments in wanted.values())
            made = Ocurrencia.objects.filter(ocurrencia_utc=moment).count()
            by_beat += made
            # Celery's crontab knows no hour that clocks skip: the scan sees to the day's 2:30 and Sunday's 0:30.
            assert made == due or alive < 2 or moment in SALTADAS
            clock.move_to(moment + SECOND + SWEEP)
            ocurrencias.atender_vencidas()
    rows = list(Ocurrencia.objects.order_by("ocurrencia_utc").values_list("programacion", "ocurrencia_utc", "estado"))
    assert {estado for _, _, estado in rows} == {"creada"}
    found = {pk: [moment for programacion, moment, _ in rows if programacion == pk] for pk in wanted}
    assert found == wanted
    assert CampanaSMS.objects.count() == CampanaSMS.objects.exclude(ocurrencia=None).count() == len(rows)
    # It was worth its name: both kinds of deaths, both beats at work, and a scan that had something to mend.
    assert min(clocks.kills["saved"], clocks.kills["not saved"]) > 10
    assert ticked > len(rows)
    assert by_beat < len(rows)
