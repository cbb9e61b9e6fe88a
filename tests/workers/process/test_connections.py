"""A worker process has eight connections to PostgreSQL at most, however many threads want one."""

import time

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import connection, transaction

from campaigns.models import Lote
from local.stack.session import WORKER_CONNECTIONS
from tests.workers.engine.conftest import Running
from tests.workers.process.conftest import StartWorker
from workers.lifecycle import CONNECTIONS, OF_TASKS, OWN

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

QUEUE = "prueba-conexiones"
NAME = "prueba-conexiones"
# What a transaction has seen of the sessions it sees again, unless it is told to look anew.
LOOK_ANEW_SQL = "SELECT pg_stat_clear_snapshot()"
SESSIONS_SQL = """
SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock') FROM pg_stat_activity WHERE application_name = %s
"""
TURNS_SQL = "SELECT count(*) FROM workers_turno WHERE tomado_en > clock_timestamp() - interval '20 s'"


def sessions() -> tuple[int, int]:
    """Count the worker's, and those of them that wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK_ANEW_SQL)
        cursor.execute(SESSIONS_SQL, [NAME])
        all_of_them, waiting = cursor.fetchone()
    return all_of_them, waiting


def test_it_has_eight_however_many_tasks_wait_and_its_timers_go_on(running: Running, start_worker: StartWorker) -> None:
    most = 0
    try:
        worker = start_worker(queues=QUEUE, threads=16, PGAPPNAME=NAME)
        with transaction.atomic():
            Lote.objects.select_for_update().get(pk=running.lote.pk)
            for _ in range(16):
                current_app.send_task("workers.cerrar_lote", args=[running.lote.pk], queue=QUEUE)

            def tasks_wait() -> bool:
                nonlocal most
                most = max(most, sessions()[0])
                return sessions()[1] >= OF_TASKS

            worker.wait_until(tasks_wait)
            until = time.monotonic() + 5
            while time.monotonic() < until:
                most = max(most, sessions()[0])
                time.sleep(0.02)
            assert OF_TASKS <= sessions()[1] <= OF_TASKS + 2  # the sweep and the publishing may want the row too
            with connection.cursor() as cursor:  # the timers have theirs
                cursor.execute(TURNS_SQL)
                assert cursor.fetchone()[0] > 0
        assert OWN < most <= CONNECTIONS == WORKER_CONNECTIONS == 8
        worker.wait_until(lambda: sessions()[1] == 0)
        worker.end()
        assert not worker.said("in use")
    finally:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.delete(QUEUE)
