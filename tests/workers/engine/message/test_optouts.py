"""An opt-out stops the very next message, by whatever path it would have gone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.audiencia.juicio import TEXTOS
from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana.services import NuevaCampana, crear_campana, mover_campana
from campaigns.entrantes.services import decidir
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje.enlace import enlaces_de
from campaigns.models import CampanaSMS, Entrante, Lote, Remitente, SMSLog
from campaigns.programaciones import ocurrencias
from campaigns.vista_previa.costo import Grupo, grupos_de
from campaigns.vista_previa.elegibles import nombres_de
from clientes.bajas.services import Prueba, dar_de_alta, dar_de_baja
from clientes.models import Baja, Cliente, Fuente
from core.errors import ConflictError
from core.models import Usuario
from tests.clientes.importacion.support import counts, csv, run
from tests.factories import EACH_ITS_SID, CampanaFactory, ClienteFactory, RemitenteFactory, una_programacion
from tests.plans import Planner
from tests.workers.engine.conftest import Running, take, write
from workers.engine.base import database
from workers.engine.campaign import campana, final
from workers.engine.lote import closing, opening
from workers.engine.message import claims, ledger, optouts, sending
from workers.engine.message.ledger import NotPosted
from workers.engine.publish import chords
from workers.gateway.outcomes import Accepted

NUMERO, PROPIO = "+15005550006", "+576012345678"
SID = "SM" + "0" * 32


@pytest.fixture(autouse=True)
def _sender(settings: Any) -> None:
    settings.TWILIO_FROM = settings.TWILIO_SENDER = NUMERO


def leaves(telefono: str, tienda: Usuario, *, sender: bool = False) -> None:
    prueba = Prueba(Fuente.SMS, remitente=NUMERO) if sender else Prueba(Fuente.ENLACE)
    dar_de_baja(telefono=telefono, tienda_id=tienda.pk, prueba=prueba, remitentes=[NUMERO] if sender else [])


def test_it_is_not_claimed_and_ends_baja(running: Running) -> None:
    log = running.logs[0]
    leaves(log.telefono, running.campana.usuario)
    assert take(log.pk) is None
    running.reload()
    assert (log.estado, log.codigo, log.error) == ("fallido", "baja", TEXTOS["baja"])
    assert (log.intentos, log.token) == (0, None)
    assert take(running.logs[1].pk) is not None


def test_a_doubt_is_not_claimed_until_somebody_decides(running: Running) -> None:
    log = running.logs[0]
    tienda = running.campana.usuario
    doubt = Entrante.objects.create(usuario=tienda, sid="SM1", telefono=log.telefono, texto="baja ana", tipo="duda")
    assert take(log.pk) is None
    running.reload()
    assert (log.estado, log.codigo, log.error) == ("fallido", "baja_dudosa", TEXTOS["baja_dudosa"])
    assert take(running.logs[1].pk) is not None
    decidir(usuario=tienda, entrante=doubt, es_baja=False)
    SMSLog.objects.filter(pk=log.pk).update(estado="pendiente", codigo="", error="")
    assert take(log.pk) is not None


def test_a_doubt_of_another_shop_stops_nothing(running: Running, stranger: Usuario) -> None:
    log = running.logs[0]
    Entrante.objects.create(usuario=stranger, sid="SM1", telefono=log.telefono, texto="baja ana", tipo="duda")
    Entrante.objects.create(usuario=None, sid="SM1", telefono=log.telefono, texto="baja ana", tipo="duda")
    assert take(log.pk) is not None


def test_a_shared_sender_keeps_silent_for_every_shop(running: Running, stranger: Usuario) -> None:
    leaves(running.logs[0].telefono, stranger, sender=True)
    leaves(running.logs[1].telefono, stranger)  # by that shop's link: said to that shop alone
    assert take(running.logs[0].pk) is None
    assert take(running.logs[1].pk) is not None


def test_a_sender_of_its_own_keeps_silent_for_what_was_said_to_it(running: Running, stranger: Usuario) -> None:
    running.campana.remitente = RemitenteFactory.create(usuario=running.campana.usuario, valor=PROPIO)
    running.campana.save()
    to_it, to_another, _ = running.logs
    for log, valor in ((to_it, PROPIO), (to_another, NUMERO)):
        prueba = Prueba(Fuente.SMS, remitente=valor)
        dar_de_baja(telefono=log.telefono, tienda_id=stranger.pk, prueba=prueba, remitentes=[valor])
    assert take(to_it.pk) is None
    assert take(to_another.pk) is not None
    running.reload()
    assert (to_it.estado, to_it.codigo) == ("fallido", "baja")


def test_a_client_who_came_back_is_sent_to(running: Running) -> None:
    log = running.logs[0]
    leaves(log.telefono, running.campana.usuario)
    dar_de_alta(telefono=log.telefono, tienda_id=running.campana.usuario_id, prueba=Prueba(Fuente.SMS))
    assert take(log.pk) is not None


def test_it_fails_only_those_that_opted_out(running: Running) -> None:
    leaves(running.logs[0].telefono, running.campana.usuario)
    assert optouts.fail_opted_out({log.pk: None for log in running.logs}) == 1
    running.reload()
    assert [log.estado for log in running.logs] == ["fallido", "pendiente", "pendiente"]


@pytest.mark.parametrize("estado", ["enviado", "incierto", "enviando", "fallido"])
def test_it_fails_nothing_that_was_tried(running: Running, estado: str) -> None:
    SMSLog.objects.filter(pk=running.logs[0].pk).update(
        estado=estado, twilio_sid=SID, codigo="x", token="0" * 32, lease_hasta=Now() + timedelta(minutes=1)
    )
    leaves(running.logs[0].telefono, running.campana.usuario)
    assert optouts.fail_opted_out({running.logs[0].pk: None}) == 0


def test_a_paused_row_waits_and_ends_baja_when_it_is_resumed(running: Running) -> None:
    CampanaSMS.objects.update(estado="pausado")
    leaves(running.logs[0].telefono, running.campana.usuario)
    assert take(running.logs[0].pk) is None
    running.reload()
    assert running.logs[0].estado == "pendiente"
    CampanaSMS.objects.update(estado="procesando")
    assert take(running.logs[0].pk) is None
    running.reload()
    assert running.logs[0].codigo == "baja"


def test_a_row_that_is_tried_again_ends_baja(running: Running) -> None:
    """Freed by the reconciler, or a failure that somebody retries: the claim is the only way to Twilio."""
    log = running.logs[0]
    claim = take(log.pk)
    assert claim is not None
    leaves(log.telefono, running.campana.usuario)
    SMSLog.objects.filter(pk=log.pk).update(estado="pendiente")
    assert take(log.pk) is None
    running.reload()
    assert log.codigo == "baja"


def test_a_claim_that_waited_for_a_thread_is_not_used(running: Running) -> None:
    """The claim was made before the client said so, and is made again before the message is handed over."""
    log = running.logs[0]
    claim = take(log.pk)
    assert claim is not None
    leaves(log.telefono, running.campana.usuario)
    assert ledger.claim_many({log.pk: claim.token}) == {}
    running.reload()
    assert (log.estado, log.codigo, log.intentos, log.lease_hasta) == ("fallido", "baja", 0, None)
    assert not write(claim, NotPosted())


def test_between_the_claim_and_the_call_it_counts_once_the_claim_is_old(running: Running) -> None:
    """A second is what Twilio may be handed after the client's word; a claim that waits longer asks again."""
    young, old, _ = (take(log.pk) for log in running.logs)
    assert young is not None
    assert old is not None
    for log in running.logs[:2]:
        leaves(log.telefono, running.campana.usuario)
    assert claims.fresh(young) is young
    aged = replace(old, taken_at=old.taken_at - claims.FRESH_S)
    assert claims.fresh(aged) is None
    running.reload()
    assert [log.codigo for log in running.logs] == ["", "baja", ""]
    assert (running.logs[1].estado, running.logs[1].intentos) == ("fallido", 0)


def test_the_other_claims_are_kept_when_its_row_cannot_be_ended(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other claims are committed: to forget them would leave their rows to the reconciler."""

    def down(held: object) -> int:
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(optouts, "fail_opted_out", down)
    monkeypatch.setattr(database, "drop_connection", lambda: None)
    leaves(running.logs[0].telefono, running.campana.usuario)
    ids = [log.pk for log in running.logs]
    assert set(ledger.claim_many(dict.fromkeys(ids))) == set(ids[1:])
    running.reload()
    assert running.logs[0].estado == "pendiente"


def test_a_claim_of_somebody_else_is_left_alone(running: Running) -> None:
    log = running.logs[0]
    claim = take(log.pk)
    assert claim is not None
    leaves(log.telefono, running.campana.usuario)
    assert ledger.claim_many({log.pk: uuid4()}) == {}
    assert ledger.claim_many({log.pk: None}) == {}
    running.reload()
    assert (log.estado, log.token) == ("enviando", claim.token)


def test_an_acceptance_that_comes_late_is_kept(running: Running) -> None:
    """The message left before the client said stop: it was sent, and the row says so."""
    claim = take(running.logs[0].pk)
    assert claim is not None
    leaves(running.logs[0].telefono, running.campana.usuario)
    assert write(claim, Accepted(SID, "queued", 1))


def test_the_lote_closes_and_the_campaign_ends(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for log in running.logs:
        leaves(log.telefono, running.campana.usuario)
        sending.send_one(log.pk)
    campana_id = closing.close(running.lote.pk)
    assert campana_id is not None
    assert final.finish(campana_id)
    running.reload()
    assert (running.campana.estado, running.campana.enviados_fallidos) == ("error", 3)
    assert running.campana.motivo == f"{final.NADA_ENVIADO}3 × {TEXTOS['baja']}"


def opened(owner: Usuario, clientes: list[Cliente], remitente: Remitente | None = None) -> list[tuple[str, str]]:
    made = CampanaFactory.create(usuario=owner, total_clientes=len(clientes), estado="procesando", remitente=remitente)
    Lote.objects.create(campana=made, numero=1, cliente_ids=[c.pk for c in clientes], total=len(clientes))
    opening.open_next(made)
    return list(SMSLog.objects.filter(campana=made).order_by("id").values_list("estado", "codigo"))


def test_a_campaign_made_before_counts_it_when_its_lote_opens(owner: Usuario, stranger: Usuario) -> None:
    ana, eva, luz = ClienteFactory.create_batch(3, usuario=owner)
    leaves(ana.telefono_e164, owner)
    leaves(eva.telefono_e164, stranger, sender=True)
    assert opened(owner, [ana, eva, luz]) == [("fallido", "baja"), ("fallido", "baja"), ("pendiente", "")]


def grupos(owner: Usuario, remitente: Remitente | None = None) -> list[Grupo]:
    ajustes = ajustes_de(owner.pk)
    return grupos_de(Audiencia.todos(), ajustes=ajustes, dia=timezone.localdate(), remitente=remitente)


def test_a_lote_asks_of_the_campaigns_own_sender(owner: Usuario, stranger: Usuario) -> None:
    ana, eva = ClienteFactory.create_batch(2, usuario=owner)
    propio = RemitenteFactory.create(usuario=owner, valor=PROPIO)
    for cliente, valor in ((ana, PROPIO), (eva, NUMERO)):
        prueba = Prueba(Fuente.SMS, remitente=valor)
        dar_de_baja(telefono=cliente.telefono_e164, tienda_id=stranger.pk, prueba=prueba, remitentes=[valor])
    assert opened(owner, [ana, eva]) == [("pendiente", ""), ("fallido", "baja")]
    assert opened(owner, [ana, eva], propio) == [("fallido", "baja"), ("pendiente", "")]
    for remitente, sendable in ((None, ana), (propio, eva)):
        found = grupos(owner, remitente)
        assert {grupo.codigo: grupo.cantidad for grupo in found} == {"baja": 1, "": 1}
        assert nombres_de(owner, Audiencia.todos(), remitente).primero == sendable.nombre


class TestRetry:
    """An ended campaign's failed are tried again; who opted out since is not."""

    @pytest.fixture(autouse=True)
    def _unpublished(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(chords, "publish", lambda **options: None)
        monkeypatch.setattr(chords, "close_later", lambda lote_id: None)

    def ended(self, running: Running, *codes: str) -> None:
        """The first rows failed with these codes, and the others were sent."""
        SMSLog.objects.update(estado="enviado", twilio_sid=EACH_ITS_SID)
        for log, code in zip(running.logs, codes, strict=False):
            SMSLog.objects.filter(pk=log.pk).update(estado="fallido", codigo=code, twilio_sid="")
        campana.advance(closing.close(running.lote.pk) or 0)

    def test_it_leaves_out_who_left(self, running: Running) -> None:
        self.ended(running, "21408", "21408")
        leaves(running.logs[0].telefono, running.campana.usuario)
        running.reload()
        mover_campana(campana=running.campana, action="reintentar")
        campana.advance(running.campana.pk)
        running.reload()
        assert [(log.estado, log.codigo) for log in running.logs[:2]] == [("fallido", "baja"), ("pendiente", "")]

    def test_it_leaves_out_who_leaves_before_the_turn_comes(self, running: Running) -> None:
        self.ended(running, "21408")
        running.reload()
        mover_campana(campana=running.campana, action="reintentar")
        campana.advance(running.campana.pk)
        leaves(running.logs[0].telefono, running.campana.usuario)
        assert take(running.logs[0].pk) is None
        running.reload()
        assert running.logs[0].codigo == "baja"

    @pytest.mark.parametrize("code", ["21408", "baja", "21610"])
    def test_it_is_refused_when_nobody_else_is_left(self, running: Running, code: str) -> None:
        self.ended(running, code)
        leaves(running.logs[0].telefono, running.campana.usuario)
        running.reload()
        with pytest.raises(ConflictError):
            mover_campana(campana=running.campana, action="reintentar")

    def test_it_asks_of_the_campaigns_own_sender(self, running: Running, stranger: Usuario) -> None:
        running.campana.remitente = RemitenteFactory.create(usuario=running.campana.usuario, valor=PROPIO)
        running.campana.save()
        self.ended(running, "21408")
        prueba = Prueba(Fuente.SMS, remitente=PROPIO)
        dar_de_baja(telefono=running.logs[0].telefono, tienda_id=stranger.pk, prueba=prueba, remitentes=[PROPIO])
        running.reload()
        with pytest.raises(ConflictError):
            mover_campana(campana=running.campana, action="reintentar")

    def test_who_came_back_is_sent_the_link_again(self, running: Running) -> None:
        CampanaSMS.objects.update(mensaje="Hola {nombre}. Salir: {enlace_baja}")
        self.ended(running, "baja")
        log = running.logs[0]
        leaves(log.telefono, running.campana.usuario)
        dar_de_alta(telefono=log.telefono, tienda_id=running.campana.usuario_id, prueba=Prueba(Fuente.SMS))
        running.reload()
        mover_campana(campana=running.campana, action="reintentar")
        campana.advance(running.campana.pk)
        running.reload()
        assert log.estado == "pendiente"
        assert log.mensaje == f"Hola {log.nombre}. Salir: {enlaces_de([log.pk])[0]}"


def test_neither_of_two_clients_with_the_phone_is_sent_to(owner: Usuario) -> None:
    clientes = ClienteFactory.create_batch(2, usuario=owner, telefono="3001112233")
    leaves("+573001112233", owner)
    assert opened(owner, clientes) == [("fallido", "baja")] * 2


def test_making_the_client_again_changes_nothing(owner: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=owner, telefono="3001112233")
    leaves(cliente.telefono_e164, owner)
    cliente.delete()
    again = ClienteFactory.create(usuario=owner, telefono="+57 300 111 22 33", activo=True)
    assert opened(owner, [again]) == [("fallido", "baja")]


def test_an_import_that_says_otherwise_changes_nothing(running: Running) -> None:
    """Nor for a message that waits, nor for the next campaign."""
    owner, log = running.campana.usuario, running.logs[0]
    leaves(log.telefono, owner)
    leaves("+573001112233", owner)
    lines = (f"{telefono},Ana,sí,2026-11-01,Tienda" for telefono in (log.telefono, "3001112233"))
    titles = "Teléfono,Nombre,Activo,Fecha del consentimiento,Fuente del consentimiento"
    assert counts(run(owner, csv(titles, *lines), clave="telefono")) == {"creadas": 1, "actualizadas": 1}
    assert take(log.pk) is None
    ana = Cliente.objects.get(telefono_e164="+573001112233")
    assert (ana.activo, ana.consentimiento_fuente) == (True, "Tienda")
    assert opened(owner, [ana]) == [("fallido", "baja")]
    assert {grupo.codigo: grupo.cantidad for grupo in grupos(owner)}["baja"] == 2


def test_a_recurring_campaign_made_before_does_not_reach_them(owner: Usuario) -> None:
    ana, eva = ClienteFactory.create_batch(2, usuario=owner)
    with time_machine.travel(datetime(2026, 11, 24, 15, tzinfo=UTC), tick=False) as clock:
        una_programacion(owner)
        leaves(ana.telefono_e164, owner)
        clock.shift(timedelta(days=1))
        assert ocurrencias.atender_vencidas() == 1
    made = CampanaSMS.objects.get()
    assert made.lotes.get().cliente_ids == [ana.pk, eva.pk]
    campana.advance(made.pk)
    rows = SMSLog.objects.order_by("cliente_id").values_list("cliente_id", "estado", "codigo")
    assert list(rows) == [(ana.pk, "fallido", "baja"), (eva.pk, "pendiente", "")]


def test_the_preview_counts_it_and_shows_nobody_who_left(owner: Usuario) -> None:
    ana = ClienteFactory.create(usuario=owner, nombre="Ana María de los Ángeles")
    ClienteFactory.create(usuario=owner, nombre="Eva")
    leaves(ana.telefono_e164, owner)
    found = {grupo.codigo: grupo.cantidad for grupo in grupos(owner)}
    assert found == {"baja": 1, "": 1}
    names = nombres_de(owner, Audiencia.todos())
    assert (names.primero, names.mas_largo) == ("Eva", "Eva")


def test_a_new_campaign_to_one_who_left_ends_in_error(owner: Usuario) -> None:
    ana = ClienteFactory.create(usuario=owner)
    leaves(ana.telefono_e164, owner)
    made, _ = crear_campana(usuario=owner, nueva=NuevaCampana(mensaje="Hola", audiencia=Audiencia.de_ids([ana.pk])))
    campana.advance(made.pk)
    made.refresh_from_db()
    assert SMSLog.objects.get().codigo == "baja"


@pytest.mark.parametrize("sql", [ledger.CLAIM_SQL, optouts.FAIL_SQL], ids=["claim", "fail"])
@pytest.mark.parametrize("known", [False, True], ids=["without statistics", "with statistics"])
def test_it_looks_by_an_index(planner: Planner, running: Running, sql: str, known: bool) -> None:
    """Among as many opt-outs as a large shop's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clientes_baja (usuario_id, remitente, marca, telefono, vigente, desde, fuente)"
            " SELECT %s, '', clientes_huella('+57300' || n), '', true, now(), 'sms'"
            " FROM generate_series(1, 20000) n",
            [running.campana.usuario_id],
        )
        cursor.execute(
            "INSERT INTO campaigns_entrante (usuario_id, sid, telefono, remitente, texto, medios, tipo, recibido)"
            " SELECT %s, 'SM' || n, '+57300' || n, '', '', 0, CASE WHEN n %% 10 = 0 THEN 'duda' ELSE 'otro' END, now()"
            " FROM generate_series(1, 20000) n",
            [running.campana.usuario_id],
        )
    if known:
        planner.learn(Baja, Entrante)
    params: dict[str, Any] = {"ids": [1], "tokens": ["0" * 32], "held": [None], "lease": 1, "remitente": NUMERO}
    params |= {"cuenta": "", "desde": None, "hasta": None}
    params |= {"codigo": "", "error": ""}
    plan = planner.explain(sql, params)
    assert "Index Cond" in plan
    assert "Seq Scan on clientes_baja" not in plan
    assert "Seq Scan on campaigns_entrante" not in plan
