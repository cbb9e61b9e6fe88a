"""The events of a campaign and who did them: written with the move, by the person or program that acts, and never
changed."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from campaigns.bitacora.services import DE_FINALES, DE_MOVES, anotar, anotar_avance
from campaigns.campana import services
from campaigns.models import CampanaSMS, Lote, Suceso
from campaigns.values import codigos, estados
from clientes.models import Cliente
from core.errors import ConflictError
from core.models import Usuario
from tests.campaigns.support import lote_with, running_campana
from tests.conftest import signed_in as api_of
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.pages import signed_in
from workers.engine.campaign import campana as engine
from workers.engine.campaign import final, pausas
from workers.gateway.outcomes import Account

Tipo = Suceso.Tipo


def events(campana: CampanaSMS) -> list[tuple[Any, ...]]:
    return list(campana.sucesos.values_list("tipo", "usuario", "ip", "via", "detalle"))


def test_every_move_and_every_end_has_a_name() -> None:
    assert set(estados.MOVES) <= set(DE_MOVES)
    assert set(DE_FINALES) == estados.FINALES


def test_a_page_writes_who_and_from_where(owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="procesando")
    signed_in(owner).post(f"/campanas/{campana.pk}/pausar/", REMOTE_ADDR="192.0.2.7")
    assert events(campana) == [("pausada", owner.pk, "192.0.2.7", "pagina", "La pausó duena.")]


def test_the_api_writes_it_too(owner: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=owner)
    api = api_of(owner)
    pk = api.post("/api/v1/campanas/", {"mensaje": "Hola", "cliente_ids": [cliente.pk]}).json()["id"]
    api.post(f"/api/v1/campanas/{pk}/cancelar/")
    campana = CampanaSMS.objects.get(pk=pk)
    assert [(e[0], e[1], e[3]) for e in events(campana)] == [
        ("creada", owner.pk, "api"),
        ("cancelada", owner.pk, "api"),
    ]


def test_a_token_names_its_owner(owner: Usuario, client: Any) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="procesando")
    credentials = {"username": "duena", "password": "clave-de-prueba"}
    token = client.post("/api/v1/auth/token/", credentials, content_type="application/json").json()["token"]
    client.post(f"/api/v1/campanas/{campana.pk}/pausar/", headers={"Authorization": f"Token {token}"})
    assert campana.sucesos.get().usuario == owner


@pytest.mark.parametrize(
    ("proxies", "forwarded", "ip"),
    [
        (0, "198.51.100.9", "192.0.2.7"),  # nobody of ours wrote it
        (1, "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        (2, "203.0.113.5, 198.51.100.9", "203.0.113.5"),
        (2, "198.51.100.9", "198.51.100.9"),
        (1, "not an address", None),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_it_believes_the_proxies_of_ours_alone(
    proxies: int, forwarded: str, ip: str | None, owner: Usuario, settings: Any
) -> None:
    settings.PROXIES = proxies
    campana = CampanaFactory.create(usuario=owner, estado="procesando")
    signed_in(owner).post(
        f"/campanas/{campana.pk}/pausar/", REMOTE_ADDR="192.0.2.7", headers={"X-Forwarded-For": forwarded}
    )
    assert campana.sucesos.get().ip == ip


def ended(owner: Usuario, codigo: str) -> CampanaSMS:
    """A campaign whose only recipient failed for this reason."""
    ended = {"estado": "error", "total_clientes": 1, "enviados_fallidos": 1, "completado_en": timezone.now()}
    campana = CampanaFactory.create(usuario=owner, **ended)
    cliente = ClienteFactory.create(usuario=owner)
    lote = open_lote(campana, [cliente])
    sms_log(campana, lote, cliente, estado="fallido", codigo=codigo)
    Lote.objects.filter(pk=lote.pk).update(estado="cerrado", fallidos=1, cerrado_en=campana.creado)
    return campana


def test_a_retry_is_written_and_so_is_its_new_end(owner: Usuario) -> None:
    campana = ended(owner, codigos.PLAZO_VENCIDO)
    page = f"/campanas/{campana.pk}/"
    assert "Reintentar fallidos" in signed_in(owner).get(page).content.decode()
    signed_in(owner).post(f"{page}reintentar/", REMOTE_ADDR="192.0.2.7")
    assert events(campana) == [("reintentada", owner.pk, "192.0.2.7", "pagina", "")]
    Lote.objects.update(estado="cerrado")
    final.finish(campana.pk)
    assert [e[0] for e in events(campana)] == ["reintentada", "error"]
    assert "Se reintentan los fallidos" in signed_in(owner).get(page).content.decode()


def test_a_retry_of_nobody_leaves_nothing(owner: Usuario) -> None:
    campana = ended(owner, codigos.PLAZO_VENCIDO)
    Cliente.objects.update(activo=False)
    signed_in(owner).post(f"/campanas/{campana.pk}/reintentar/")
    campana.refresh_from_db()
    assert (campana.estado, events(campana)) == ("error", [])


def test_a_refused_move_leaves_nothing(owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="pausado")
    with pytest.raises(ConflictError):
        services.mover_campana(campana=campana, action="pausar")
    assert events(campana) == []


def test_a_move_that_is_rolled_back_never_happened(owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="procesando")
    with transaction.atomic():
        services.mover_campana(campana=campana, action="pausar")
        transaction.set_rollback(True)
    campana.refresh_from_db()
    assert (campana.estado, events(campana)) == ("procesando", [])


def test_the_engine_writes_its_own_moves(owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="pendiente")
    cliente = ClienteFactory.create(usuario=owner)
    Lote.objects.create(campana=campana, numero=1, cliente_ids=[cliente.pk], total=1)
    engine.advance(campana.pk)
    pausas.pause_for_account(campana.pk, Account("20003", "Twilio rechazó las credenciales"))
    pausas.pause_for_account(campana.pk, Account("20003", "Twilio rechazó las credenciales"))
    assert events(campana) == [
        ("iniciada", None, None, "", ""),
        ("pausada_sola", None, None, "", "Twilio: Twilio rechazó las credenciales (20003)."),
    ]


@pytest.mark.parametrize(
    ("exitosos", "estado", "tipo", "detalle"),
    [
        (3, "procesando", "completada", "3 enviados, 1 fallido"),
        (0, "procesando", "error", "No se envió ningún mensaje: "),
        (1, "cancelado", "cerrada", "1 enviado, 3 fallidos"),
    ],
)
def test_the_end_is_written_once(exitosos: int, estado: str, tipo: str, detalle: str, owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, estado=estado, total_clientes=4)
    Lote.objects.create(
        campana=campana,
        numero=1,
        cliente_ids=[],
        total=4,
        estado="cerrado",
        exitosos=exitosos,
        fallidos=4 - exitosos,
        cerrado_en=campana.creado,
    )
    engine.advance(campana.pk)
    engine.advance(campana.pk)
    assert [(e[0], e[4]) for e in events(campana)] == [(tipo, detalle)]


@pytest.mark.parametrize(
    ("closed", "marks"),
    [(0, []), (1, []), (2, ["avance_25"]), (4, ["avance_50"]), (6, ["avance_75"]), (8, [])],
)
def test_the_highest_mark_is_written_once(closed: int, marks: list[str], owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=8)
    for numero in range(1, 9):
        done = numero <= closed
        Lote.objects.create(
            campana=campana,
            numero=numero,
            cliente_ids=[],
            total=1,
            estado="cerrado" if done else "abierto",
            exitosos=int(done),
            cerrado_en=campana.creado if done else None,
        )
    for _ in range(2):
        anotar_avance(campana.pk)
    assert [e[0] for e in events(campana)] == marks


def test_marks_come_in_their_order(owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=4)
    lotes = [lote_with(campana, numero, enviado=1) for numero in range(1, 5)]
    for lote in lotes:
        Lote.objects.filter(pk=lote.pk).update(estado="cerrado", exitosos=1, cerrado_en=campana.creado)
        anotar_avance(campana.pk)
    assert [e[0] for e in events(campana)] == ["avance_25", "avance_50", "avance_75"]


@pytest.mark.parametrize("change", ["UPDATE campaigns_suceso SET detalle = ''", "DELETE FROM campaigns_suceso"])
def test_nobody_changes_what_happened(change: str, owner: Usuario) -> None:
    campana = running_campana(owner)
    anotar(campana_id=campana.pk, tipo=Tipo.PAUSADA, detalle="La pausó duena.")
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert [e[4] for e in events(campana)] == ["La pausó duena."]
