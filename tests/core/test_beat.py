"""Beat's schedule in PostgreSQL: what settings say must be there as settings say it, after every start."""

from datetime import timedelta
from typing import Any

import pytest
from celery.schedules import maybe_schedule
from django.conf import settings
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry
from kombu.utils import symbol_by_name

from core.celery import app
from local.stack import parts

# It closes old connections, as a request does: a transaction around the test would go with them.
pytestmark = pytest.mark.django_db(transaction=True)
ENTRIES: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE


def started() -> dict[str, ModelEntry]:
    """The entries of a beat that has just started. Those of a far hour are not loaded: they are in the table."""
    DatabaseScheduler(app=app)
    return {task.name: ModelEntry(task) for task in PeriodicTask.objects.filter(name__in=ENTRIES)}


def test_it_is_the_scheduler_of_every_beat() -> None:
    assert symbol_by_name(settings.CELERY_BEAT_SCHEDULER) is symbol_by_name(parts.SCHEDULER) is DatabaseScheduler


@pytest.mark.parametrize("name", ENTRIES)
def test_it_installs_each_entry_as_it_is_written(name: str) -> None:
    entry, written = started()[name], ENTRIES[name]
    assert entry.task == written["task"]
    wanted: Any = maybe_schedule(written["schedule"])
    if hasattr(wanted, "hour"):
        assert (entry.schedule.hour, entry.schedule.minute) == (wanted.hour, wanted.minute)
        assert str(entry.schedule.tz) == settings.TIME_ZONE
    else:
        # The table holds whole seconds: 0.5 would become 0, and beat would do nothing else.
        assert entry.schedule.run_every == wanted.run_every >= timedelta(seconds=1)


@pytest.mark.parametrize("name", ENTRIES)
def test_it_drops_no_option(name: str) -> None:
    """The database scheduler ignores an option that it does not know, such as `expires`, in silence."""
    options = ENTRIES[name].get("options", {})
    assert options.keys() <= {"expire_seconds", "queue"}
    kept = started()[name].options
    assert kept.get("expires") == options.get("expire_seconds")


def test_it_brings_an_older_entry_up_to_date() -> None:
    started()
    PeriodicTask.objects.filter(name="barrer").update(task="workers.otra", expire_seconds=None)
    entry = started()["barrer"]
    assert (entry.task, entry.options["expires"]) == ("workers.barrer", ENTRIES["barrer"]["options"]["expire_seconds"])


def test_it_leaves_off_what_an_operator_switched_off() -> None:
    started()
    PeriodicTask.objects.filter(name="importar").update(enabled=False)
    assert not started()["importar"].model.enabled
