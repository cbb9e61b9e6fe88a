"""The pages of what clients wrote back, their API and their file."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.entrantes import selectors
from campaigns.entrantes.selectors import conversacion
from campaigns.entrantes.services import YA_DECIDIDA, decidir
from campaigns.models import CampanaSMS, Entrante, SMSLog
from campaigns.pages.entrantes import ES_BAJA, NO_ES_BAJA
from clientes.bajas.services import Prueba, dar_de_alta, dar_de_baja
from clientes.models import Baja, Cliente, Fuente, RegistroBaja
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.pages import flashes, get, lines_of, signed_in

ANA = "+573001234567"


def entrante(usuario: Usuario | None, texto: str, *, n: int = 0, **fields: Any) -> Entrante:
    values = {"telefono": ANA, "sid": f"SM{Entrante.objects.count()}-{n}", **fields}
    return Entrante.objects.create(usuario=usuario, texto=texto, **values)


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana Gómez", telefono="3001234567")


def sent(ana: Cliente, mensaje: str, *, minutes_ago: float, **fields: Any) -> SMSLog:
    campana = CampanaFactory.create(usuario=ana.usuario, nombre=f"Campaña de {mensaje}")
    log = sms_log(campana, open_lote(campana, [ana]), ana, mensaje=mensaje,
                  **{"estado": "enviado", "twilio_sid": f"SM{campana.pk}", **fields})  # fmt: skip
    SMSLog.objects.filter(pk=log.pk).update(actualizado=timezone.now() - timedelta(minutes=minutes_ago))
    return log


class TestList:
    def test_it_shows_who_wrote_what_and_to_which_campaign(self, owner: Usuario, ana: Cliente) -> None:
        campana = CampanaFactory.create(usuario=owner, nombre="Promo de mayo")
        entrante(owner, "¿Tienen en azul?", campana=campana)
        entrante(owner, "<b>hola</b>", telefono="+573109999999")
        body = get(owner, "/respuestas/")
        for said in ("Ana Gómez", "¿Tienen en azul?", "Promo de mayo", "&lt;b&gt;hola&lt;/b&gt;", "+57 310 9999999",
                     "No está entre sus clientes", "2 sin leer"):  # fmt: skip
            assert said in body, said

    @pytest.mark.parametrize(
        ("ver", "shown"),
        [
            ("", {"salgo", "vuelvo", "socorro", "azul", "leído"}),
            ("sin_leer", {"socorro", "azul"}),
            ("bajas", {"salgo"}),
            ("altas", {"vuelvo"}),
            ("otros", {"socorro", "azul", "leído"}),
            ("cualquiera", {"salgo", "vuelvo", "socorro", "azul", "leído"}),
        ],
    )
    def test_it_filters(self, owner: Usuario, ver: str, shown: set[str]) -> None:
        now = timezone.now()
        words = {"salgo": ("baja", now), "vuelvo": ("alta", now), "socorro": ("ayuda", None), "azul": ("otro", None)}
        for texto, (tipo, leido_en) in {**words, "leído": ("otro", now)}.items():
            entrante(owner, texto, tipo=tipo, leido_en=leido_en)
        body = get(owner, f"/respuestas/?ver={ver}")
        assert {texto for texto in (*words, "leído") if f'<p class="respuesta-texto">{texto}</p>' in body} == shown

    @pytest.mark.parametrize(("q", "shown"), [("AZUL", True), ("300 123", True), ("12", False), ("verde", False)])
    def test_it_searches_words_and_phones(self, owner: Usuario, q: str, shown: bool) -> None:
        entrante(owner, "¿Tienen en azul?")
        assert ("¿Tienen en azul?" in get(owner, f"/respuestas/?q={q}")) is shown

    @pytest.mark.parametrize("query", ["antes=x", "antes=9" * 40, "ver[]=1", "q=%00", "q=%25%27"])
    def test_it_takes_any_address(self, owner: Usuario, query: str) -> None:
        entrante(owner, "hola")
        get(owner, f"/respuestas/?{query}")

    def test_it_goes_page_by_page(self, owner: Usuario) -> None:
        rows = [entrante(owner, f"texto-{n:02d}.") for n in range(30)]
        first = get(owner, "/respuestas/")
        assert "texto-29." in first
        assert "texto-04." not in first
        assert f"antes={rows[5].pk}" in first
        second = get(owner, f"/respuestas/?antes={rows[5].pk}")
        assert "texto-04." in second
        assert "texto-05." not in second

    def test_it_says_what_to_expect_while_there_is_nothing(self, owner: Usuario) -> None:
        assert "Aún no hay respuestas" in get(owner, "/respuestas/")

    def test_a_text_that_was_erased_is_told_so(self, owner: Usuario) -> None:
        entrante(owner, "", telefono="")
        entrante(owner, "", medios=2)
        body = get(owner, "/respuestas/")
        assert "El texto se borró." in body
        assert "Envió 2 archivos, que no se guardan." in body

    def test_its_queries_do_not_grow_with_its_rows(self, owner: Usuario, django_assert_max_num_queries: Any) -> None:
        for n in range(25):
            cliente = ClienteFactory.create(usuario=owner)
            entrante(owner, f"{n}", telefono=cliente.telefono_e164, campana=CampanaFactory.create(usuario=owner))
        client = signed_in(owner)
        with django_assert_max_num_queries(6):
            assert client.get("/respuestas/").status_code == 200


class TestReading:
    def test_it_marks_and_unmarks(self, owner: Usuario) -> None:
        rows = [entrante(owner, "hola"), entrante(owner, "adiós")]
        form = {"id": [row.pk for row in rows], "volver": "/respuestas/?ver=sin_leer"}
        assert flashes(owner, "/respuestas/leer/", form) == ["2 mensajes leídos."]
        assert selectors.sin_leer(owner) == 0
        assert Entrante.objects.filter(leido_por=owner).count() == 2
        assert flashes(owner, "/respuestas/leer/", {"id": [rows[0].pk], "leido": "no"}) == ["1 mensaje no leído."]
        assert selectors.sin_leer(owner) == 1

    def test_it_marks_nothing_of_another_shop(self, owner: Usuario, stranger: Usuario) -> None:
        row = entrante(stranger, "hola")
        assert flashes(owner, "/respuestas/leer/", {"id": [row.pk, "x", "9" * 40]}) == []
        row.refresh_from_db()
        assert row.leido_en is None

    @pytest.mark.parametrize("back", ["https://malo.example/", "//malo.example/", "javascript:alert(1)", "", "/\\malo"])
    def test_it_goes_back_to_no_other_site(self, owner: Usuario, back: str) -> None:
        answer = signed_in(owner).post("/respuestas/leer/", {"id": "1", "volver": back})
        assert answer["Location"] == "/respuestas/"


class TestDeciding:
    """A text that may be an opt-out, shown with two buttons."""

    @pytest.fixture
    def duda(self, owner: Usuario, ana: Cliente) -> Entrante:
        return entrante(owner, "me tienen harto con tantos mensajes", tipo="duda", sid="SMX", remitente="85432")

    def test_it_shows_the_buttons_where_the_text_is(self, owner: Usuario, teammate: Usuario, duda: Entrante) -> None:
        for path in ("/respuestas/", "/respuestas/?ver=por_decidir", f"/respuestas/{duda.pk}/"):
            body = get(owner, path)
            assert "No es una baja" in body, path
            assert f"/respuestas/{duda.pk}/decidir/" in body, path
        assert "1 por decidir" in get(owner, "/respuestas/")
        assert "No es una baja" not in get(teammate, "/respuestas/")
        entrante(owner, "hola")
        assert "hola" not in get(owner, "/respuestas/?ver=por_decidir").split("respuesta-texto", 1)[1]

    def test_it_is_one(self, owner: Usuario, duda: Entrante) -> None:
        other = entrante(owner, "spam", tipo="duda", sid="SMY")
        assert flashes(owner, f"/respuestas/{duda.pk}/decidir/", {"es_baja": "si"}) == [ES_BAJA]
        for row in (duda, other):
            row.refresh_from_db()
            assert (row.tipo, row.decidido_por, row.decidido_en is not None) == ("baja", owner, True)
        baja = Baja.objects.get()
        assert (baja.usuario, baja.vigente, baja.fuente, baja.desde) == (owner, True, "sms", duda.recibido)
        registro = RegistroBaja.objects.get()
        assert (registro.texto, registro.sid, registro.quien, registro.remitente) == (duda.texto, "SMX", owner, "85432")

    def test_it_is_none(self, owner: Usuario, duda: Entrante) -> None:
        other = entrante(owner, "spam", tipo="duda", sid="SMY")
        assert flashes(owner, f"/respuestas/{duda.pk}/decidir/", {"es_baja": "no"}) == [NO_ES_BAJA]
        duda.refresh_from_db()
        other.refresh_from_db()
        assert (duda.tipo, duda.leido_en is not None, other.tipo) == ("otro", True, "duda")
        assert not Baja.objects.exists()

    def test_it_is_decided_once(self, owner: Usuario, duda: Entrante) -> None:
        decidir(usuario=owner, entrante=duda, es_baja=False)
        assert flashes(owner, f"/respuestas/{duda.pk}/decidir/", {"es_baja": "si"}) == [YA_DECIDIDA]
        assert not Baja.objects.exists()

    def test_a_client_who_came_back_since_stays(self, owner: Usuario, duda: Entrante) -> None:
        prueba = Prueba(Fuente.SMS, remitente="85432")
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=prueba, remitentes=["85432"])
        dar_de_alta(telefono=ANA, tienda_id=owner.pk, prueba=prueba, remitentes=["85432"])
        decidir(usuario=owner, entrante=duda, es_baja=True)
        assert not Baja.objects.filter(vigente=True).exists()

    def test_the_api_does_it_too(self, api: APIClient, owner: Usuario, duda: Entrante) -> None:
        assert [row["id"] for row in api.get("/api/v1/entrantes/?tipo=duda").json()["results"]] == [duda.pk]
        assert api.post(f"/api/v1/entrantes/{duda.pk}/decidir/", {"es_baja": "quizas"}).status_code == 400
        assert api.post(f"/api/v1/entrantes/{duda.pk}/decidir/", {}).status_code == 400
        answer = api.post(f"/api/v1/entrantes/{duda.pk}/decidir/", {"es_baja": True})
        assert (answer.status_code, answer.json()["tipo"]) == (200, "baja")
        assert answer.json()["decidido_en"] is not None
        assert api.post(f"/api/v1/entrantes/{duda.pk}/decidir/", {"es_baja": True}).status_code == 409
        assert Baja.objects.filter(usuario=owner, vigente=True).exists()


class TestConversation:
    def test_it_is_in_the_order_of_time(self, owner: Usuario, ana: Cliente) -> None:
        sent(ana, "Hola Ana!", minutes_ago=30)
        row = entrante(owner, "¿Tienen en azul?")
        Entrante.objects.filter(pk=row.pk).update(recibido=timezone.now() - timedelta(minutes=20))
        sent(ana, "Llegó el azul", minutes_ago=10)
        body = get(owner, f"/clientes/{ana.pk}/conversacion/")
        places = [body.index(said) for said in ("Hola Ana!", "¿Tienen en azul?", "Llegó el azul")]
        assert places == sorted(places)
        assert get(owner, f"/respuestas/{row.pk}/").count("burbuja") == 3

    def test_it_shows_what_failed_and_why(self, owner: Usuario, ana: Cliente) -> None:
        sent(ana, "Hola Ana!", minutes_ago=1, estado="fallido", codigo="21614", error="No es un celular", twilio_sid="")
        assert "Fallido: No es un celular" in get(owner, f"/clientes/{ana.pk}/conversacion/")

    def test_a_number_that_is_no_clients_has_one_too(self, owner: Usuario) -> None:
        row = entrante(owner, "hola", telefono="+573109999999")
        body = get(owner, f"/respuestas/{row.pk}/")
        assert "No está entre sus clientes" in body
        assert "/bajas/nueva/?tel=%2B573109999999" in body

    def test_nothing_of_another_shop_is_in_it(self, owner: Usuario, stranger: Usuario, ana: Cliente) -> None:
        other = ClienteFactory.create(usuario=stranger, telefono="3001234567")
        sent(other, "De otra tienda", minutes_ago=1)
        entrante(stranger, "Para otra tienda")
        entrante(None, "Para nadie")
        body = get(owner, f"/clientes/{ana.pk}/conversacion/")
        assert not [said for said in ("De otra tienda", "Para otra tienda", "Para nadie") if said in body]

    def test_clients_without_a_phone_do_not_share_one(self, owner: Usuario) -> None:
        ana, eva = (ClienteFactory.create(usuario=owner, telefono="") for _ in range(2))
        sent(eva, "Hola Eva!", minutes_ago=1)
        entrante(owner, "borrado", telefono="")
        assert "No hay mensajes" in get(owner, f"/clientes/{ana.pk}/conversacion/")

    def test_every_page_of_it_together_is_all_of_it(self, owner: Usuario, ana: Cliente) -> None:
        """The list has many texts of one moment, of both kinds."""
        now = timezone.now()
        for n in range(12):
            entrante(owner, f"recibido {n}")
            sent(ana, f"enviado {n}", minutes_ago=1, twilio_sid=f"SM{n}")
        Entrante.objects.update(recibido=now)
        SMSLog.objects.update(actualizado=now)
        seen: list[tuple[int, int]] = []
        antes = ""
        while found := conversacion(owner, ANA, antes=antes, n=5):
            seen += [globo.orden for globo in found]
            antes = found[-1].clave
        assert len(seen) == len(set(seen)) == 24

    @pytest.mark.parametrize("antes", ["x", "2026", "2026-01-01T00:00:00~1~1", "2026-01-01T00:00:00+00:00~x~1", "~~"])
    def test_it_begins_at_the_end_for_an_address_that_makes_no_sense(
        self, owner: Usuario, ana: Cliente, antes: str
    ) -> None:
        entrante(owner, "hola")
        assert "hola" in get(owner, f"/clientes/{ana.pk}/conversacion/?antes={antes}")

    def test_it_says_that_the_client_left(self, owner: Usuario, ana: Cliente) -> None:
        sent(ana, "Hola Ana!", minutes_ago=1)
        assert "Pidió no recibir mensajes" not in get(owner, f"/clientes/{ana.pk}/mensajes/")
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=Prueba(Fuente.ENLACE))
        for path in ("conversacion", "mensajes"):
            assert "Pidió no recibir mensajes" in get(owner, f"/clientes/{ana.pk}/{path}/")


def test_the_file_has_what_was_written(owner: Usuario, stranger: Usuario) -> None:
    entrante(owner, "=2+2; BAJA", tipo="baja", leido_en=timezone.now())
    entrante(owner, "¿Azul?")
    entrante(stranger, "ajeno")
    answer: Any = signed_in(owner).get("/respuestas/exportar/?ver=bajas")
    lines = lines_of(answer)
    assert lines[0] == "recibido;telefono;texto;tipo;campana;remitente;leido;sid"
    assert len(lines) == 2
    assert ";'+573001234567;'=2+2; BAJA;Baja;;;sí;" in lines[1]


class TestAPI:
    def test_it_lists_and_filters(self, api: APIClient, owner: Usuario) -> None:
        campana = CampanaFactory.create(usuario=owner)
        baja = entrante(owner, "BAJA", tipo="baja", leido_en=timezone.now(), campana=campana)
        azul = entrante(owner, "¿Azul?", telefono="+573109999999")

        def ids(query: str) -> list[int]:
            answer = api.get(f"/api/v1/entrantes/?{query}")
            assert answer.status_code == 200, answer.json()
            return [row["id"] for row in answer.json()["results"]]

        assert ids("") == [azul.pk, baja.pk]
        assert ids("tipo=baja&tipo=alta") == [baja.pk]
        assert ids("leido=false") == [azul.pk]
        assert ids("telefono=%2B573109999999") == [azul.pk]
        assert ids(f"campana={campana.pk}") == [baja.pk]
        assert ids("recibido_hasta=2020-01-01T00:00:00Z") == []
        for bad in ("leido=quizas", "tipo=x", "recibido_desde=ayer"):
            assert api.get(f"/api/v1/entrantes/?{bad}").status_code == 400

    def test_it_marks_as_read(self, api: APIClient, owner: Usuario) -> None:
        row = entrante(owner, "¿Azul?")
        answer = api.post(f"/api/v1/entrantes/{row.pk}/leer/")
        assert answer.status_code == 200
        assert answer.json()["leido_en"] is not None


def test_a_campaign_that_is_gone_leaves_its_answers(owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner)
    row = entrante(owner, "hola", campana=campana)
    CampanaSMS.objects.filter(pk=campana.pk).delete()
    row.refresh_from_db()
    assert row.campana is None
