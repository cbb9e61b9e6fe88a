"""Beat where clocks change and months end: real database schedulers, a real broker, two of them, and killed ones.

The tasks that beat publishes are taken from the queue and run; time moves from one occurrence to the next. A whole year
of occurrences, without the schedulers: tests/campaigns/programaciones/test_un_anno.py.
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
from tests.campaigns.programaciones.calendario import HORARIOS, momentos
from tests.factories import ClienteFactory, una_programacion
from workers import tasks  # noqa: F401 - registers them, as a worker does

# Schedulers close old connections, as a request does: a transaction around the test would go with them.
pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)
SWEEP = timedelta(seconds=5)
# zone, first day, and days: February's end; an hour that comes twice and one that is skipped in Santiago and in Madrid.
VENTANAS = (
    ("America/Bogota", datetime(2027, 2, 26, tzinfo=UTC), 5),
    ("America/Santiago", datetime(2027, 4, 2, tzinfo=UTC), 4),
    ("America/Santiago", datetime(2027, 9, 3, tzinfo=UTC), 4),
    ("Europe/Madrid", datetime(2027, 3, 26, tzinfo=UTC), 6),
    ("Europe/Madrid", datetime(2027, 10, 29, tzinfo=UTC), 4),
)
KILLED = 0.4  # of ticks
# The moments that stand for an hour that does not exist, in Santiago and in Madrid.
SALTADAS = {datetime(2027, 9, 5, 4, 0, tzinfo=UTC), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)}


class Killed(BaseException):
    """kill -9, in the middle of a tick."""


class Beat(DatabaseScheduler):  # type: ignore[misc] # untyped
    """A beat that may be killed after it moved its schedule on and before it published."""

    doomed = False

    def setup_schedule(self) -> None:
        """Leave out what settings tell beat to do, which has tests of its own: the scan is done by hand here."""
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
def queue() -> Iterator[Any]:
    """Empty the queue where beat publishes."""
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


@pytest.mark.parametrize(("zona", "comienzo", "dias"), VENTANAS)
def test_two_beats_that_are_killed_make_one_campaign_for_each_occurrence(
    zona: str, comienzo: datetime, dias: int, queue: Any, owner: Usuario
) -> None:
    ClienteFactory.create(usuario=owner)
    fin = comienzo + timedelta(days=dias)
    ticked = 0
    with time_machine.travel(comienzo, tick=False) as clock:
        clocks = Clocks(random.Random(f"{zona} {comienzo}"), killed=KILLED)
        wanted = {
            una_programacion(owner, nombre=name, zona=zona, **horario.fields).pk: [
                moment for moment in momentos(horario, zona) if comienzo < moment < fin
            ]
            for name, horario in HORARIOS.items()
        }
        for moment in sorted({moment for moments in wanted.values() for moment in moments}):
            clock.move_to(moment + SECOND)
            alive = clocks.run_due()
            ticked += run_published(queue)
            due = sum(moment in moments for moments in wanted.values())
            made = Ocurrencia.objects.filter(ocurrencia_utc=moment).count()
            # Celery's crontab knows no hour that clocks skip: the sweep sees to the day's 2:30 and Sunday's 0:30.
            assert made == due or alive < 2 or moment in SALTADAS
            clock.move_to(moment + SECOND + SWEEP)
            ocurrencias.atender_vencidas()
        clocks.close()
    rows = list(Ocurrencia.objects.order_by("ocurrencia_utc").values_list("programacion", "ocurrencia_utc", "estado"))
    assert {estado for _, _, estado in rows} == {"creada"}
    found = {pk: [moment for programacion, moment, _ in rows if programacion == pk] for pk in wanted}
    assert found == wanted
    assert CampanaSMS.objects.count() == CampanaSMS.objects.exclude(ocurrencia=None).count() == len(rows)
    # It was worth its name: both kinds of deaths, and beats at work.
    assert min(clocks.kills["saved"], clocks.kills["not saved"]) > 0
    assert ticked > 0
