"""Answers to clients: by a person and by themselves, through the ledger, once, and within all that holds there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from campaigns.audiencia.juicio import TEXTOS
from campaigns.campana.privacidad import olvidar_viejas
from campaigns.campana.selectors import campanas_de, lista_de
from campaigns.campana.services import mover_campana
from campaigns.entrantes.selectors import sin_leer
from campaigns.entrantes.services import Texto, recibir
from campaigns.ley.jornada import MARGEN, jornada_de, jornada_de_tras
from campaigns.ley.selectors import ajustes_de
from campaigns.models import Ajustes, CampanaSMS, Contacto, Entrante, RespuestaGuardada, SMSLog
from campaigns.respuestas import automaticas
from campaigns.respuestas.automaticas import AL_DIA
from campaigns.respuestas.selectors import en_camino
from campaigns.respuestas.services import PALABRA_REPETIDA, SIN_CLIENTE, guardar_respuesta, responder
from clientes.bajas.services import Prueba, dar_de_baja
from clientes.models import Cliente, Fuente
from clientes.services import anonimizar_cliente
from core.errors import ConflictError, InvalidInputError
from core.idempotency import Idempotency
from core.models import Usuario
from tests.factories import AdminFactory, ClienteFactory, RemitenteFactory, VendedorFactory, open_lote, sms_log
from workers.engine.base import database
from workers.engine.campaign import jornadas

ANA, NUMERO, PROPIO = "+573001234567", "+15005550006", "+576012345678"
BOGOTA = ZoneInfo("America/Bogota")


@pytest.fixture(autouse=True)
def _sender(settings: Any) -> None:
    settings.TWILIO_FROM = settings.TWILIO_SENDER = NUMERO


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana Gómez", telefono=ANA)


def escribe(
    texto: str, *, hace: timedelta = timedelta(), telefono: str = ANA, para: str = NUMERO, **mas: Any
) -> Entrante:
    """A text as Twilio hands it over, that came so long ago."""
    n = Entrante.objects.count()
    recibir(Texto(f"SM{n:032x}", telefono, para, "", texto, **mas))
    found = Entrante.objects.order_by("-pk")[0]
    Entrante.objects.filter(pk=found.pk).update(recibido=timezone.now() - hace)
    found.refresh_from_db()
    return found


def guarda(tienda: Usuario, mensaje: str, palabra: str = "", **fields: Any) -> RespuestaGuardada:
    found = RespuestaGuardada(usuario_id=tienda.tenant_id, **fields)
    guardar_respuesta(respuesta=found, nombre=palabra or "Saludo", mensaje=mensaje, palabra=palabra)
    return found


class TestAPersonAnswers:
    def test_it_is_one_message_of_the_ledger_to_that_client(self, owner: Usuario, ana: Cliente) -> None:
        socia = AdminFactory.create(creado_por=owner)
        first, last = escribe("¿Tienen en azul?"), escribe("¿Hola?")
        key = Idempotency.of("clic", {"m": "Sí"})
        campana, created = responder(usuario=socia, entrante=first, mensaje="Sí, {nombre}.\r\nVenga.", idempotency=key)
        again = responder(usuario=socia, entrante=first, mensaje="Sí, {nombre}.\r\nVenga.", idempotency=key)
        assert (created, again) == (True, (campana, False))
        assert (campana.total_clientes, campana.mensaje, campana.respuesta_a, campana.clase) == (
            1, "Sí, {nombre}.\nVenga.", last, "promocional",
        )  # fmt: skip
        assert (campana.usuario, campana.creada_por, campana.automatica) == (owner, socia, False)
        assert campana.lotes.get().cliente_ids == [ana.pk]
        assert campana.libre_hasta == last.recibido + timedelta(hours=24) - MARGEN
        assert sin_leer(owner) == 0
        assert en_camino(owner, ANA) == [campana]
        assert not lista_de(owner).exists()
        assert campanas_de(owner).get() == campana

    def test_it_comes_from_the_sender_that_the_client_wrote_to(self, owner: Usuario, ana: Cliente) -> None:
        own = RemitenteFactory.create(usuario=owner, valor=PROPIO)
        before = CampanaSMS(usuario=owner, remitente=own, mensaje="Hola", total_clientes=1, iniciado_en=timezone.now())
        before.save()
        sms_log(before, open_lote(before, [ana]), ana, estado="enviado", twilio_sid="SM1", reclamado_en=timezone.now())
        text = escribe("¿Tienen en azul?", para=PROPIO)
        assert responder(usuario=owner, entrante=text, mensaje="Sí")[0].remitente == own
        own.activo = False
        own.save()
        assert responder(usuario=owner, entrante=text, mensaje="Sí")[0].remitente is None

    def test_who_may_not_be_written_to_is_not_answered(self, owner: Usuario, ana: Cliente, stranger: Usuario) -> None:
        text = escribe("¿Tienen en azul?")
        unknown = Entrante.objects.create(usuario=owner, sid="SMx", telefono="+573109999999", texto="Quién es?")
        erased = Entrante.objects.create(usuario=owner, sid="SMy", telefono="", texto="")
        short = Entrante.objects.create(usuario=owner, sid="SMz", telefono="85432", texto="promo")
        for entrante, code in ((unknown, "no_client"), (erased, "no_phone"), (short, "no_phone")):
            with pytest.raises(ConflictError) as refused:
                responder(usuario=owner, entrante=entrante, mensaje="Sí")
            assert refused.value.code == code
        with pytest.raises(InvalidInputError):
            responder(usuario=owner, entrante=text, mensaje="Hola {precio}")
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
        with pytest.raises(ConflictError, match=TEXTOS["baja"]):
            responder(usuario=owner, entrante=text, mensaje="Sí")
        assert SIN_CLIENTE
        assert not CampanaSMS.objects.exists()

    def test_a_doubt_and_a_spent_day_hold(self, ana: Cliente, owner: Usuario) -> None:
        Ajustes.objects.filter(usuario=owner).update(frecuencia_activa=True, frecuencia_maxima=1)
        late = escribe("¿Tienen en azul?", hace=timedelta(hours=25))
        other = CampanaSMS.objects.create(usuario=owner, mensaje="Hola", total_clientes=1)
        today = timezone.now().astimezone(BOGOTA).date()
        Contacto.objects.create(usuario=owner, campana=other, telefono=ANA, dia=today, n=1)
        with pytest.raises(ConflictError) as refused:
            responder(usuario=owner, entrante=late, mensaje="Sí")
        assert refused.value.code == "frecuencia"
        # Who wrote a moment ago is answered all the same.
        fresh = escribe("¿Hola?")
        assert responder(usuario=owner, entrante=fresh, mensaje="Sí")[1]
        Entrante.objects.filter(pk=fresh.pk).update(tipo="duda")
        with pytest.raises(ConflictError) as refused:
            responder(usuario=owner, entrante=fresh, mensaje="Sí")
        assert refused.value.code == "baja_dudosa"


class TestTheHour:
    """A new shop sends from 8 to 19 on weekdays: Ley 2300 de 2023."""

    @pytest.fixture
    def tienda(self, db: None) -> Usuario:
        return AdminFactory.create(ajustes=None)

    @pytest.mark.parametrize(
        ("wrote", "at", "begins", "closes"),
        [
            # at night, for a text of the evening: until midnight, and then anew
            ("2026-11-24 21:00", "2026-11-24 23:00", "2026-11-24 23:00", "2026-11-25 00:00"),
            ("2026-11-24 21:00", "2026-11-25 05:00", "2026-11-25 05:00", "2026-11-25 20:59"),
            # a day later, in the window alone
            ("2026-11-24 21:00", "2026-11-25 20:59", "2026-11-26 08:00", "2026-11-26 18:59"),
            ("2026-11-24 21:00", "2026-11-26 08:00", "2026-11-26 08:00", "2026-11-26 18:59"),
        ],
    )  # fmt: skip
    def test_it_is_any_for_a_day_and_the_shops_then(
        self, tienda: Usuario, wrote: str, at: str, begins: str, closes: str
    ) -> None:
        libre = _bogota(wrote) + timedelta(hours=24) - MARGEN
        campana = CampanaSMS(usuario=tienda, libre_hasta=libre)
        found = jornada_de(campana, ajustes_de(tienda.pk), _bogota(at))
        assert found is not None
        assert (found.desde, found.cierra_en) == (_bogota(begins), _bogota(closes))
        after = jornada_de_tras(campana, ajustes_de(tienda.pk), found.dia)
        assert after is not None
        assert after.desde > found.desde

    def test_the_engine_keeps_to_it(self, tienda: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        libre = _bogota("2026-11-25 21:00")
        campana = CampanaSMS.objects.create(
            usuario=tienda, mensaje="Sí", total_clientes=1, estado="procesando", libre_hasta=libre
        )
        begins: Callable[[str], bool] = lambda at: (  # noqa: E731
            monkeypatch.setattr(database, "now", lambda: _bogota(at)), jornadas.begin(campana.pk)
        )[1]  # fmt: skip
        monkeypatch.setattr(jornadas, "runs", lambda _: False)
        assert begins("2026-11-24 23:00")
        campana.refresh_from_db()
        assert (campana.cierra_en, campana.ventana_hasta) == (_bogota("2026-11-25 00:00"), libre + MARGEN)
        assert not begins("2026-11-25 21:00")
        campana.refresh_from_db()
        assert campana.espera_hasta == _bogota("2026-11-26 08:00")


def _bogota(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BOGOTA)


class TestAWordIsAnswered:
    def test_at_most_three_times_a_day(self, owner: Usuario, ana: Cliente) -> None:
        guarda(owner, "Abrimos de 9 a 7, {nombre}.", "HORARIO")
        guarda(owner, "Desde 20.000.", "Precio")
        for n, texto in enumerate(("horario", "¿Precio?", "Hola, HORARIO por favor", "PRECIO", "horario")):
            entrante = escribe(texto)
            answered = n < AL_DIA
            assert (entrante.contestado_solo_en is not None, entrante.leido_en is not None) == (answered, answered)
        campanas = CampanaSMS.objects.order_by("pk")
        assert [c.mensaje for c in campanas] == [
            "Abrimos de 9 a 7, {nombre}.",
            "Desde 20.000.",
            "Abrimos de 9 a 7, {nombre}.",
        ]
        assert {(c.automatica, c.creada_por, c.libre_hasta is not None) for c in campanas} == {(True, None, True)}
        # The next day it is answered again.
        Entrante.objects.update(contestado_solo_en=timezone.now() - timedelta(days=1))
        assert escribe("horario").contestado_solo_en is not None

    @pytest.mark.parametrize(
        ("texto", "fields"),
        [
            ("horario del domingo", {}),  # more than the word: a person reads it
            ("no me escriban más", {}),
            ("BAJA", {}),
            ("horario", {"opt_out_type": "HELP"}),  # Twilio has answered
            ("horario", {"telefono": "85432"}),
            ("horario", {"telefono": "+573109999999"}),  # no client of the shop
            ("horario", {"telefono": NUMERO}),  # a sender of ours: two shops would talk for ever
        ],
    )
    def test_nothing_else_is(self, owner: Usuario, ana: Cliente, texto: str, fields: dict[str, Any]) -> None:
        ClienteFactory.create(usuario=owner, telefono=NUMERO)
        guarda(owner, "Abrimos de 9 a 7.", "horario")
        recibir(Texto("SM1", **{"telefono": ANA, "para": NUMERO, "servicio": "", "texto": texto, **fields}))
        assert not CampanaSMS.objects.exists()
        assert not Entrante.objects.exclude(contestado_solo_en=None).exists()

    def test_neither_who_left_nor_whom_two_shops_know(self, owner: Usuario, ana: Cliente, stranger: Usuario) -> None:
        guarda(owner, "Abrimos de 9 a 7.", "horario")
        ClienteFactory.create(usuario=stranger, telefono=ANA)
        assert Entrante.objects.filter(sid=escribe("horario").sid).count() == 2
        Cliente.objects.filter(usuario=stranger).delete()
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
        late = escribe("horario")
        assert (late.contestado_solo_en, late.leido_en) == (None, None)  # a person finds it
        assert not CampanaSMS.objects.exists()

    def test_none_that_would_wait_for_approval(self, owner: Usuario, ana: Cliente) -> None:
        guarda(owner, "Abrimos de 9 a 7.", "horario")
        Ajustes.objects.update_or_create(usuario=owner, defaults={"aprobacion_destinatarios": 0})
        found = escribe("horario")
        assert (found.contestado_solo_en, found.leido_en) == (None, None)  # a person finds it
        assert not CampanaSMS.objects.exists()

    def test_a_fault_of_the_answer_costs_no_text(
        self, owner: Usuario, ana: Cliente, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        guarda(owner, "Abrimos de 9 a 7.", "horario")

        def broken(**given: Any) -> None:
            CampanaSMS.objects.create(usuario=owner, mensaje="a medias", total_clientes=1)
            raise TypeError("a fault of ours")

        monkeypatch.setattr(automaticas, "contestar_sola", broken)
        assert escribe("horario").leido_en is None  # a person finds it
        assert not CampanaSMS.objects.exists()

    def test_a_text_that_comes_twice_is_answered_once(self, owner: Usuario, ana: Cliente) -> None:
        guarda(owner, "Abrimos de 9 a 7.", "horario")
        texto = Texto("SM1", ANA, NUMERO, "", "horario")
        assert [recibir(texto), recibir(texto)] == [True, False]
        assert CampanaSMS.objects.count() == 1

    def test_a_word_is_one_answers(self, owner: Usuario, stranger: Usuario) -> None:
        guarda(owner, "Abrimos de 9 a 7.", "horario")
        guarda(stranger, "Abrimos de 8 a 5.", "horario")
        Ajustes.objects.filter(usuario=owner).update(exigir_nombre=True, alias="Zafiro")
        with pytest.raises(InvalidInputError):  # what nobody signs when it is given
            guarda(owner, "A la orden", "gracia")
        guarda(owner, "Gracias")
        guarda(owner, "A la orden")
        Ajustes.objects.filter(usuario=owner).update(exigir_nombre=False)
        with pytest.raises(InvalidInputError, match=PALABRA_REPETIDA):
            guarda(owner, "Otro", "¡Horario!")


def test_what_was_written_to_one_person_is_forgotten_with_them(owner: Usuario, ana: Cliente) -> None:
    rows = []
    for _ in range(2):
        campana, _ = responder(
            usuario=owner, entrante=escribe("¿Y mi pedido?"), mensaje="Ana, su pedido 33 va en camino"
        )
        sms_log(campana, campana.lotes.get(), ana, estado="enviado", twilio_sid=f"SM{campana.pk}")
        rows.append(campana)
    long_ago = timezone.now() - timedelta(days=400)
    CampanaSMS.objects.update(
        estado="completado", enviados_exitosos=1, iniciado_en=long_ago, completado_en=timezone.now()
    )
    CampanaSMS.objects.filter(pk=rows[0].pk).update(completado_en=long_ago)
    olvidar_viejas(12, hasta=float("inf"))
    rows[0].refresh_from_db()
    rows[1].refresh_from_db()
    assert (rows[0].mensaje, bool(rows[1].mensaje)) == ("", True)
    SMSLog.objects.filter(campana=rows[0]).update(estado="fallido", codigo="21408", twilio_sid="")
    with pytest.raises(ConflictError, match="se borraron los textos"):  # it would be blank
        mover_campana(campana=rows[0], action="reintentar")
    anonimizar_cliente(cliente=ana)
    assert not CampanaSMS.objects.exclude(mensaje="").exists()
    assert not SMSLog.objects.exclude(mensaje="").exists()


def test_who_sees_no_clients_sees_no_answers(owner: Usuario, ana: Cliente) -> None:
    responder(usuario=owner, entrante=escribe("¿Y mi pedido?"), mensaje="Va en camino")
    assert not campanas_de(VendedorFactory.create(creado_por=owner, rol=Usuario.Rol.OPERADOR)).exists()
