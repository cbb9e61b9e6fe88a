"""The claim on an import, and what a worker that died leaves."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import F
from django.utils import timezone

from clientes.importacion import claim, lectura, proceso, services
from clientes.importacion.opciones import opciones_guardadas
from clientes.models import Cliente, Importacion
from core.models import Usuario
from tests.clientes.importacion.support import counts, csv, run, upload

PAST = timezone.now() - timedelta(hours=1)


def waiting(usuario: Usuario, rows: int = 10) -> Importacion:
    importacion = upload(usuario, csv("nombre;documento", *(f"Cliente {n};{n + 1}" for n in range(rows))))
    services.empezar(importacion=importacion, opciones=opciones_guardadas(importacion))
    return importacion


class Killed(BaseException):
    """The code's view of a kill -9: nothing catches it."""


def test_only_one_takes_it(owner: Usuario) -> None:
    waiting(owner)
    assert claim.tomar() is not None
    assert claim.tomar() is None


def test_one_of_a_shop_at_a_time(owner: Usuario, stranger: Usuario) -> None:
    first, second, other = waiting(owner), waiting(owner), waiting(stranger)
    taken = [mine.importacion_id for _ in range(3) if (mine := claim.tomar())]
    assert taken == [first.pk, other.pk]
    assert second.pk not in taken


def test_a_dead_workers_import_is_taken_up_where_it_was(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lectura.en_bloques, "__defaults__", (3,))
    importacion = waiting(owner)
    renew, calls = claim.renovar, []

    def dying(mine: claim.Claim, *, leidas: int, ultima: int) -> None:
        renew(mine, leidas=leidas, ultima=ultima)
        calls.append(leidas)
        if leidas == 6:
            raise Killed  # inside the transaction: the second batch is not there

    monkeypatch.setattr(claim, "renovar", dying)
    with pytest.raises(Killed):
        proceso.atender()
    importacion.refresh_from_db()
    assert (importacion.estado, importacion.leidas, importacion.detalle.count()) == ("procesando", 3, 3)
    assert not Cliente.objects.exists()

    monkeypatch.setattr(claim, "renovar", renew)
    assert proceso.atender() == 0  # its lease has not run out
    Importacion.objects.update(lease_hasta=PAST)
    assert proceso.atender() == 1
    importacion.refresh_from_db()
    assert (importacion.estado, importacion.leidas) == ("completada", 10)
    assert counts(importacion) == {"creadas": 10}
    assert Cliente.objects.count() == 10


@pytest.mark.parametrize("slow", ["to read", "to check", "to come to where it was"])
def test_the_lease_is_renewed_by_time(owner: Usuario, monkeypatch: pytest.MonkeyPatch, slow: str) -> None:
    """Ten rows are one batch: that each takes half a minute must not let another worker have the import."""
    importacion = waiting(owner)
    stored = 8 if slow == "to come to where it was" else 0
    Importacion.objects.update(ultima_fila=1 + stored)
    clock, left = [0.0], list[float]()
    monkeypatch.setattr(claim, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def half_a_minute() -> None:
        clock[0] += 30
        left.append((Importacion.objects.get().lease_hasta - timezone.now()).total_seconds())  # type: ignore[operator]
        Importacion.objects.update(lease_hasta=F("lease_hasta") - timedelta(seconds=30))

    read, check = lectura._leer_csv, proceso._revisar

    def slowly(*args: Any) -> Any:
        for row in read(*args):
            half_a_minute()
            yield row

    def checking(*args: Any) -> Any:
        half_a_minute()
        return check(*args)

    mine = claim.tomar()
    assert mine is not None
    Importacion.objects.update(intentos=3)
    intentos = list[int]()
    extend = claim.alargar

    def extending(taken: claim.Claim) -> None:
        extend(taken)
        intentos.append(Importacion.objects.get().intentos)

    monkeypatch.setattr(claim, "alargar", extending)
    if slow == "to check":
        monkeypatch.setattr(proceso, "_revisar", checking)
    else:
        monkeypatch.setattr(lectura, "_leer_csv", slowly)
    proceso.importar(mine)
    importacion.refresh_from_db()
    assert (importacion.estado, importacion.leidas) == ("completada", 10 - stored)
    assert len(left) >= 10
    assert min(left) > claim.LEASE_S / 2 - 5  # what half a minute needs
    assert set(intentos) == {3}  # what has stored nothing is no progress: a file that kills is given up


def test_a_worker_that_lost_its_turn_does_not_read_on(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting(owner)
    late = claim.tomar()
    assert late is not None
    Importacion.objects.update(token=uuid4())
    monkeypatch.setattr(claim, "HEARTBEAT_S", 0)
    with pytest.raises(claim.LostClaimError):
        claim.Heartbeat(late)()


def test_a_worker_that_dies_while_it_saves_leaves_nothing(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting(owner)
    end = claim.terminar

    def dying(*args: object, **kwargs: object) -> None:
        raise Killed

    monkeypatch.setattr(claim, "terminar", dying)
    with pytest.raises(Killed):
        proceso.atender()
    assert not Cliente.objects.exists()
    monkeypatch.setattr(claim, "terminar", end)
    Importacion.objects.update(lease_hasta=PAST)
    proceso.atender()
    assert Cliente.objects.count() == 10


def test_a_worker_that_lost_its_turn_writes_nothing(owner: Usuario) -> None:
    importacion = waiting(owner)
    late = claim.tomar()
    assert late is not None
    Importacion.objects.update(lease_hasta=PAST)
    assert claim.tomar() is not None
    proceso.importar(late)
    importacion.refresh_from_db()
    assert (importacion.estado, importacion.leidas) == ("procesando", 0)
    assert not Cliente.objects.exists()


def test_it_gives_up_on_a_file_that_kills_every_worker(owner: Usuario) -> None:
    importacion = waiting(owner)
    for _ in range(claim.INTENTOS_MAX):
        assert claim.tomar() is not None
        Importacion.objects.update(lease_hasta=PAST)
    assert claim.tomar() is None
    importacion.refresh_from_db()
    assert (importacion.estado, importacion.error) == ("fallida", claim.AGOTADA)


def test_a_process_does_one_at_a_time(owner: Usuario) -> None:
    waiting(owner)
    with proceso._ocupado:
        assert proceso.atender() == 0
    assert proceso.atender() == 1


def test_it_cleans_what_nobody_comes_back_for(owner: Usuario) -> None:
    kept = [upload(owner, csv("nombre;documento", "Ana;1")), run(owner, csv("nombre;documento", "Ana;1"))]
    old = [upload(owner, csv("nombre;documento", "Ana;1")), run(owner, csv("nombre;documento", "Ana;1"))]
    Importacion.objects.filter(pk=old[0].pk).update(creado=timezone.now() - timedelta(days=3))
    Importacion.objects.filter(pk=old[1].pk).update(terminada_en=timezone.now() - timedelta(days=31))
    assert proceso.limpiar() == 2
    assert set(Importacion.objects.values_list("pk", flat=True)) == {i.pk for i in kept}
