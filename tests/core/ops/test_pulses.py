"""The pulse of a process, and the counters that go with it."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from core.models import Contador, Pulso
from core.ops import pulses, series
from core.ops.pulses import Heart

W = Pulso.Tipo.WORKER


def heart(nombre: str = "worker-1@aqui", **options: Any) -> Heart:
    return Heart(nombre, W, **options)


@pytest.mark.django_db
def test_a_pulse_says_who_is_alive() -> None:
    heart(colas=lambda: ["campanas", "envios"]).beat()
    [seen] = pulses.vistos()
    assert (seen.nombre, seen.tipo, seen.colas, seen.vive) == ("worker-1@aqui", "worker", ["campanas", "envios"], True)
    assert Pulso.objects.get().pid == os.getpid()


@pytest.mark.django_db
def test_each_pulse_is_of_the_same_row() -> None:
    one = heart()
    one.beat()
    Pulso.objects.update(visto=timezone.now() - timedelta(minutes=5))
    assert not pulses.vistos()[0].vive
    one.beat()
    assert [seen.vive for seen in pulses.vistos()] == [True]


@pytest.mark.django_db
def test_a_process_that_is_not_well_has_no_pulse(settings: Any, tmp_path: Path) -> None:
    settings.PULSE_FILE = str(tmp_path / "pulse")
    heart(is_well=lambda: False).beat()
    assert not Pulso.objects.exists()
    assert not (tmp_path / "pulse").exists()


@pytest.mark.django_db
def test_it_touches_the_file_only_after_it_reached_postgres(settings: Any, tmp_path: Path) -> None:
    settings.PULSE_FILE = str(tmp_path / "pulse")
    heart().beat()
    file = tmp_path / "pulse"
    os.utime(file, (0, 0))

    def refuse(*args: Any) -> Any:
        raise OperationalError("away")

    with connection.execute_wrapper(refuse), pytest.raises(OperationalError):
        heart().beat()
    assert file.stat().st_mtime == 0


@pytest.mark.django_db
def test_who_is_gone_for_a_day_is_forgotten() -> None:
    heart("vieja@aqui").beat()
    Pulso.objects.update(visto=timezone.now() - timedelta(seconds=pulses.KEPT_S + 60))
    heart("nueva@aqui").beat()
    assert [seen.nombre for seen in pulses.vistos()] == ["nueva@aqui"]


@pytest.mark.django_db(transaction=True)
def test_the_thread_beats_and_takes_its_row_away() -> None:
    one = heart()
    one.start()
    deadline = timezone.now() + timedelta(seconds=20)
    while not Pulso.objects.exists() and timezone.now() < deadline:
        pass
    assert Pulso.objects.exists()
    one.stop()
    assert not one.is_alive()
    assert not Pulso.objects.exists()


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> CollectorRegistry:
    """Another set of series, as of another process that has counted nothing yet."""
    monkeypatch.setattr(series, "REGISTRY", CollectorRegistry())
    monkeypatch.setattr(series, "_added", {})
    return series.REGISTRY


def exposed() -> str:
    class Totals:
        def collect(self) -> Any:
            return series.totals()

    shown = CollectorRegistry()
    shown.register(Totals())
    return generate_latest(shown).decode()


@pytest.mark.django_db
def test_what_two_processes_count_is_added_up(registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter("prueba", "Prueba.", ["codigo"], registry=registry)
    counter.labels("21610").inc(2)
    assert series.add() == 1
    assert series.add() == 0
    counter.labels("21610").inc()
    counter.labels("").inc(5)
    assert series.add() == 2
    monkeypatch.setattr(series, "_added", {})  # the other process has counted as much
    series.add()
    assert 'prueba_total{codigo="21610"} 6.0' in exposed()
    assert 'prueba_total{codigo=""} 10.0' in exposed()


@pytest.mark.django_db
def test_a_histogram_comes_back_whole_and_in_order(registry: CollectorRegistry) -> None:
    histogram = Histogram("espera_seconds", "Espera.", ["result"], buckets=(0.5, 2.0, 10.0), registry=registry)
    for value in (0.1, 1.0, 1.5, 30.0):
        histogram.labels("accepted").observe(value)
    series.add()
    lines = [line for line in exposed().splitlines() if line.startswith("espera_seconds_bucket")]
    assert [line.split("le=")[1] for line in lines] == [
        '"0.5",result="accepted"} 1.0',
        '"2.0",result="accepted"} 3.0',
        '"10.0",result="accepted"} 3.0',
        '"+Inf",result="accepted"} 4.0',
    ]
    assert 'espera_seconds_count{result="accepted"} 4.0' in exposed()
    assert 'espera_seconds_sum{result="accepted"} 32.6' in exposed()


@pytest.mark.django_db
def test_what_could_not_be_added_is_added_the_next_time(registry: CollectorRegistry) -> None:
    Counter("prueba", "Prueba.", registry=registry).inc(3)

    def refuse(*args: Any) -> Any:
        raise OperationalError("away")

    with connection.execute_wrapper(refuse), pytest.raises(OperationalError):
        series.add()
    assert series.add() == 1
    assert Contador.objects.get(serie="prueba_total").valor == 3
