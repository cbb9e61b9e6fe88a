"""POST /webhooks/twilio/entrante/: signed, kept once, for the right shop; and what it asks for is done."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from campaigns.entrantes import atribucion
from campaigns.models import CampanaSMS, Entrante, Remitente, SMSLog
from clientes.bajas.services import Prueba, dar_de_baja
from clientes.models import Baja, Cliente, Fuente, RegistroBaja
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, RemitenteFactory, open_lote, sms_log
from tests.plans import Planner

AUTH_TOKEN = "auth-token-of-the-test"
PATH = "/webhooks/twilio/entrante/"
ANA, NUMERO = "+573001234567", "+15005550006"
SERVICIO = "MG" + "0" * 32
SHORT_CODE, PROPIO = "85432", "+576012345678"


@pytest.fixture(autouse=True)
def _account(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.PUBLIC_URL = "https://sms.tienda.co"
    settings.SECURE_SSL_REDIRECT = False
    settings.TWILIO_FROM = settings.TWILIO_SENDER = NUMERO


def sid(n: int) -> str:
    return f"SM{n:032x}"


def text(body: str, *, n: int = 1, signature: str | None = "", **form: str) -> Any:
    """Twilio's call; `signature` replaces the right one, None leaves it out."""
    data = {"MessageSid": sid(n), "From": ANA, "To": NUMERO, "Body": body, "NumMedia": "0", **form}
    if signature == "":
        signature = RequestValidator(AUTH_TOKEN).compute_signature(django_settings.PUBLIC_URL + PATH, data)
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    return Client(enforce_csrf_checks=True).post(PATH, data, headers=headers)


def sent(
    tienda: Usuario,
    *,
    telefono: str = ANA,
    mensaje: str = "Hola!",
    minutes_ago: int = 1,
    remitente: Remitente | None = None,
    **fields: Any,
) -> CampanaSMS:
    """A campaign of the shop that the phone got."""
    campana = CampanaFactory.create(
        usuario=tienda, estado="procesando", iniciado_en=timezone.now(), remitente=remitente, enviados_exitosos=1
    )
    cliente = ClienteFactory.create(usuario=tienda, telefono=telefono)
    when = timezone.now() - timedelta(minutes=minutes_ago)
    values = {"estado": "enviado", "twilio_sid": f"SM{campana.pk}", "intentos": 1, "reclamado_en": when}
    sms_log(campana, open_lote(campana, [cliente]), cliente, mensaje=mensaje, **{**values, **fields})
    return campana


def kept() -> list[tuple[int | None, str]]:
    return list(Entrante.objects.order_by("usuario").values_list("usuario", "tipo"))


class TestAnswer:
    def test_it_works(self, owner: Usuario) -> None:
        campana = sent(owner)
        answer = text("¿Tienen en azul?")
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml")
        assert answer.content == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
        row = Entrante.objects.get()
        assert (row.usuario, row.telefono, row.remitente, row.texto) == (owner, ANA, NUMERO, "¿Tienen en azul?")
        assert (row.tipo, row.campana, row.leido_en, row.sid) == ("otro", campana, None, sid(1))

    @pytest.mark.parametrize("signature", [None, "x", "=", "á", "A" * 10_000])
    def test_it_rejects_a_missing_or_wrong_signature(self, owner: Usuario, signature: str | None) -> None:
        sent(owner)
        assert text("STOP", signature=signature).status_code == 403
        assert not Entrante.objects.exists()
        assert not Baja.objects.exists()

    def test_it_rejects_a_signature_of_other_words(self, owner: Usuario) -> None:
        data = {"MessageSid": sid(1), "From": ANA, "To": NUMERO, "Body": "hola", "NumMedia": "0"}
        stolen = RequestValidator(AUTH_TOKEN).compute_signature(django_settings.PUBLIC_URL + PATH, data)
        assert text("STOP", signature=stolen).status_code == 403
        assert not Entrante.objects.exists()

    @pytest.mark.parametrize("wrong", ["", "SM1", "SM" + "z" * 32, "SM\0" + "0" * 31])
    def test_it_rejects_a_sid_that_is_none(self, db: None, wrong: str) -> None:
        assert text("STOP", MessageSid=wrong).status_code == 404
        assert not Entrante.objects.exists()

    @pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
    def test_it_takes_only_post(self, method: str) -> None:
        assert getattr(Client(), method)(PATH).status_code == 405

    def test_it_keeps_a_text_once(self, owner: Usuario) -> None:
        sent(owner)
        assert [text("STOP").status_code for _ in range(3)] == [200] * 3
        assert (Entrante.objects.count(), RegistroBaja.objects.count()) == (1, 1)

    def test_a_repeat_undoes_nothing_that_was_said_since(self, owner: Usuario) -> None:
        sent(owner)
        for body, n in (("STOP", 1), ("START", 2), ("STOP", 1)):
            text(body, n=n)
        assert not Baja.objects.filter(vigente=True).exists()

    @pytest.mark.parametrize(
        ("form", "found"),
        [
            ({"Body": "a\0b"}, {"texto": "ab"}),
            ({"Body": "x" * 5000}, {"texto": "x" * 1600}),
            ({"Body": "", "NumMedia": "2"}, {"texto": "", "medios": 2}),
            ({"NumMedia": "muchas"}, {"medios": 0}),
            ({"From": SHORT_CODE}, {"telefono": SHORT_CODE}),
            ({"From": "9" * 500}, {"telefono": "9" * 40}),
            ({"OptOutType": "BAILE"}, {"tipo": "otro"}),
        ],
    )
    def test_it_takes_strange_forms(self, db: None, form: dict[str, Any], found: dict[str, object]) -> None:
        body = form.pop("Body", "hola")
        assert text(body, **form).status_code == 200
        row = Entrante.objects.get()
        assert {name: getattr(row, name) for name in found} == found

    def test_a_stop_of_a_short_code_suppresses_nobody(self, db: None) -> None:
        assert text("STOP", From=SHORT_CODE).status_code == 200
        assert kept() == [(None, "baja")]
        assert not Baja.objects.exists()


class TestWhose:
    def test_it_is_for_the_shop_that_sent_last(self, owner: Usuario, stranger: Usuario) -> None:
        sent(owner, minutes_ago=1)
        sent(stranger, minutes_ago=5)  # a newer campaign, whose message to this phone is the older one
        text("¿Tienen en azul?")
        assert kept() == [(owner.pk, "otro")]

    def test_what_was_not_sent_does_not_count(self, owner: Usuario, stranger: Usuario) -> None:
        sent(owner, minutes_ago=5)
        sent(stranger, estado="fallido", codigo="21610", twilio_sid="")
        text("hola")
        assert kept() == [(owner.pk, "otro")]

    def test_it_finds_a_message_to_a_phone_that_changed_since(self, owner: Usuario, stranger: Usuario) -> None:
        campana = sent(owner)
        CampanaFactory.create(usuario=stranger, iniciado_en=timezone.now())
        cliente = owner.clientes.get()
        cliente.telefono = "3109999999"
        cliente.save()
        text("hola")
        row = Entrante.objects.get()
        assert (row.usuario, row.campana) == (owner, campana)

    def test_an_unknown_number_is_for_the_only_shop_there_is(self, owner: Usuario, stranger: Usuario) -> None:
        sent(owner, telefono="3109999999")
        text("hola")
        assert kept() == [(owner.pk, "otro")]

    def test_a_client_who_got_nothing_yet_is_for_each_shop_that_has_them(
        self, owner: Usuario, stranger: Usuario
    ) -> None:
        for tienda in (owner, stranger):
            sent(tienda, telefono=f"310999999{tienda.pk % 10}")
            ClienteFactory.create(usuario=tienda, telefono=ANA)
        text("hola")
        assert kept() == sorted([(owner.pk, "otro"), (stranger.pk, "otro")])

    def test_nobody_knows_and_it_is_kept(self, owner: Usuario, stranger: Usuario) -> None:
        for tienda in (owner, stranger):
            sent(tienda, telefono=f"310999999{tienda.pk % 10}")
        text("STOP")
        assert kept() == [(None, "baja")]
        assert Baja.objects.get(remitente=NUMERO).usuario is None


class TestOwnSender:
    """A number that is one shop's alone, and the installation's that all share."""

    @pytest.fixture
    def propio(self, owner: Usuario) -> Remitente:
        return RemitenteFactory.create(usuario=owner, valor=PROPIO)

    def test_what_is_written_to_it_is_for_the_shop_that_sent_from_it(
        self, owner: Usuario, stranger: Usuario, propio: Remitente
    ) -> None:
        campana = sent(owner, remitente=propio, minutes_ago=5)
        last = sent(stranger, minutes_ago=1)
        text("¿Tienen en azul?", To=PROPIO)
        text("¿Y en rojo?", n=2)
        rows = Entrante.objects.order_by("id")
        assert [(row.usuario, row.campana) for row in rows] == [(owner, campana), (stranger, last)]

    def test_leaving_it_leaves_the_others_their_senders(
        self, owner: Usuario, stranger: Usuario, propio: Remitente
    ) -> None:
        sent(owner, remitente=propio)
        sent(stranger)
        text("STOP", To=PROPIO)
        assert set(Baja.objects.values_list("usuario", "remitente")) == {(owner.pk, PROPIO), (None, PROPIO)}

    def test_a_carriers_short_code_stands_for_the_number_that_the_last_message_came_from(
        self, owner: Usuario, propio: Remitente
    ) -> None:
        sent(owner, remitente=propio)
        text("STOP", To=SHORT_CODE)
        found = Baja.objects.filter(usuario=None).values_list("remitente", flat=True)
        assert set(found) == {PROPIO, SHORT_CODE}

    def test_a_stranger_who_writes_to_it_is_for_its_shop(
        self, owner: Usuario, stranger: Usuario, propio: Remitente
    ) -> None:
        sent(owner, remitente=propio, telefono="3109999999")
        sent(stranger, telefono="3109999998")
        text("hola", To=PROPIO)
        assert kept() == [(owner.pk, "otro")]

    def test_naming_a_sender_does_not_get_a_shop_what_is_written_to_it(self, owner: Usuario, stranger: Usuario) -> None:
        """A carrier's short code hides our number: a shop that says it is its own receives nothing by that."""
        RemitenteFactory.create(usuario=stranger, valor=SHORT_CODE)
        sent(owner)
        text("hola", To=SHORT_CODE)
        text("hola", n=2, To=SHORT_CODE, From="+573109999999")
        assert kept() == [(owner.pk, "otro"), (None, "otro")]

    def test_a_number_of_the_installations_service_is_the_service(self, owner: Usuario, settings: Any) -> None:
        settings.TWILIO_MESSAGING_SERVICE_SID = settings.TWILIO_SENDER = SERVICIO
        sent(owner)
        text("STOP", To=NUMERO)  # TWILIO_FROM, and no word of the service that messages come from
        assert Baja.objects.filter(usuario=None, remitente=SERVICIO).exists()


class TestLeaving:
    def test_it_is_kept_with_its_proof(self, owner: Usuario) -> None:
        campana = sent(owner)
        text("¡Baja, por favor!")
        baja = Baja.objects.get(usuario=owner)
        assert (baja.telefono, baja.vigente, baja.fuente, baja.remitente) == (ANA, True, "sms", NUMERO)
        registro = RegistroBaja.objects.get()
        assert (registro.usuario, registro.tipo, registro.texto) == (owner, "baja", "¡Baja, por favor!")
        assert (registro.campana_id, registro.campana_nombre) == (campana.pk, campana.nombre)
        assert (registro.sid, registro.telefono, registro.quien) == (sid(1), ANA, None)
        assert Entrante.objects.get().leido_en is not None

    def test_the_sender_keeps_silent_too(self, owner: Usuario) -> None:
        sent(owner)
        text("STOP")
        assert Baja.objects.filter(usuario=None).values_list("remitente", flat=True).get() == NUMERO

    def test_both_names_of_a_sender_do(self, owner: Usuario, settings: Any) -> None:
        """A number of a Messaging Service: Twilio's own block is the service's."""
        settings.TWILIO_MESSAGING_SERVICE_SID = settings.TWILIO_SENDER = SERVICIO
        sent(owner)
        text("STOP", To="+573110000000", MessagingServiceSid=SERVICIO)
        found = Baja.objects.filter(usuario=None).values_list("remitente", flat=True)
        assert set(found) == {SERVICIO, "+573110000000"}

    def test_a_carriers_short_code_stands_for_our_number(self, owner: Usuario) -> None:
        sent(owner)
        text("STOP", To=SHORT_CODE)
        found = Baja.objects.filter(usuario=None).values_list("remitente", flat=True)
        assert set(found) == {NUMERO, SHORT_CODE}

    def test_twilios_own_reading_wins(self, owner: Usuario) -> None:
        sent(owner)
        text("ya me cansé", OptOutType="STOP")
        assert kept() == [(owner.pk, "baja")]
        text("hola otra vez", n=2, OptOutType="START")
        assert not Baja.objects.filter(vigente=True).exists()
        text("BAJA", n=3, OptOutType="HELP")
        assert Entrante.objects.get(sid=sid(3)).tipo == "ayuda"

    def test_the_word_that_the_message_offered_works(self, owner: Usuario) -> None:
        sent(owner, mensaje="Hola Ana, 20 % de descuento. Responde NO para salir.")
        text("no")
        assert Baja.objects.filter(usuario=owner, vigente=True).exists()

    def test_and_without_the_offer_it_is_a_person_who_reads_it(self, owner: Usuario) -> None:
        sent(owner, mensaje="¿Viene mañana a su cita?")
        text("no")
        assert not Baja.objects.exists()
        assert Entrante.objects.get().leido_en is None

    def test_it_is_kept_each_time(self, owner: Usuario) -> None:
        sent(owner)
        for n in (1, 2):
            text("BAJA", n=n)
        assert RegistroBaja.objects.filter(tipo="baja").count() == 2
        assert Baja.objects.filter(usuario=owner).count() == 1


class TestDoubt:
    def test_it_waits_for_a_person(self, owner: Usuario) -> None:
        sent(owner)
        text("me tienen harto con tantos mensajes")
        row = Entrante.objects.get()
        assert (row.tipo, row.leido_en, row.decidido_en) == ("duda", None, None)
        assert not Baja.objects.exists()

    @pytest.mark.parametrize(("word", "tipo"), [("BAJA", "baja"), ("ALTA", "otro"), ("Sí", "duda"), ("hola", "duda")])
    def test_the_clients_own_plain_word_settles_it(self, owner: Usuario, word: str, tipo: str) -> None:
        sent(owner)
        text("me tienen harto con tantos mensajes")
        text(word, n=2)
        row = Entrante.objects.get(sid=sid(1))
        assert (row.tipo, row.decidido_en is not None) == (tipo, tipo != "duda")

    def test_a_reaction_to_what_was_sent_is_none(self, owner: Usuario) -> None:
        sent(owner, mensaje="Luna: 20% hoy. Para darte de baja de la lista responde SALIR")
        text("A Ana le gustó “Luna: 20% hoy. Para darte de baja de la lista responde SALIR”")
        assert kept() == [(owner.pk, "otro")]


class TestComingBack:
    @pytest.mark.parametrize("word", ["START", "Alta", "sí", "INICIO", "volver"])
    def test_it_works(self, owner: Usuario, word: str) -> None:
        sent(owner)
        text("STOP")
        text(word, n=2)
        assert not Baja.objects.filter(vigente=True).exists()
        assert list(RegistroBaja.objects.order_by("id").values_list("tipo", "texto")) == [
            ("baja", "STOP"), ("alta", word),
        ]  # fmt: skip
        assert Entrante.objects.get(sid=sid(2)).leido_en is not None

    def test_a_yes_of_one_who_never_left_is_an_answer(self, owner: Usuario) -> None:
        sent(owner, mensaje="¿Le guardamos el vestido?")
        text("Sí")
        row = Entrante.objects.get()
        assert (row.tipo, row.leido_en) == ("alta", None)
        assert not RegistroBaja.objects.exists()

    def test_it_lifts_what_the_shop_it_answers_was_told_by_its_link(self, owner: Usuario, stranger: Usuario) -> None:
        sent(owner)
        for tienda in (owner, stranger):
            dar_de_baja(telefono=ANA, tienda_id=tienda.pk, prueba=Prueba(Fuente.ENLACE))
        text("ALTA")
        assert list(Baja.objects.filter(vigente=True).values_list("usuario", flat=True)) == [stranger.pk]


def test_it_reads_the_messages_by_their_indexes(planner: Planner, owner: Usuario) -> None:
    """The sender does not matter, nor how many messages there are."""
    sent(owner)
    assert SMSLog.objects.count() == 1
    planner.learn(CampanaSMS, SMSLog, Cliente)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for sql in (atribucion.POR_CLIENTE_SQL, atribucion.POR_CAMPANA_SQL):
        plan = planner.explain(sql, {"telefono": ANA, "remitentes": [NUMERO], "instalacion": NUMERO})
        assert "Seq Scan on campaigns_smslog" not in plan
        assert "Seq Scan on clientes_cliente" not in plan
