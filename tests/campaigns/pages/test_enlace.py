"""`{enlace_baja}`: from the text to the phone, and the page behind it."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from campaigns.audiencia.seleccion import Audiencia
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje import enlace, texto
from campaigns.mensaje.partes import contar
from campaigns.mensaje.token import token_de
from campaigns.models import Lote, SMSLog
from campaigns.vista_previa.calculo import calcular_vista_previa
from campaigns.vista_previa.costo import calcular, grupos_de
from clientes.bajas.services import Prueba, dar_de_baja
from clientes.models import Baja, Cliente, Fuente, RegistroBaja
from core.errors import InvalidInputError
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory
from workers.engine.lote import opening

NUMERO = "+15005550006"


@pytest.fixture(autouse=True)
def _account(settings: Any) -> None:
    settings.PUBLIC_URL = "https://sms.tienda.co"
    settings.ALLOWED_HOSTS = ["*"]
    settings.SECURE_SSL_REDIRECT = False
    settings.TWILIO_FROM = settings.TWILIO_SENDER = NUMERO


def sent(owner: Usuario, mensaje: str, *nombres: str) -> list[SMSLog]:
    """The rows of a campaign to clients of these names, as the engine writes them."""
    clientes = [ClienteFactory.create(usuario=owner, nombre=nombre) for nombre in nombres]
    campana = CampanaFactory.create(
        usuario=owner, mensaje=mensaje, total_clientes=len(clientes), estado="procesando", nombre="Promo"
    )
    Lote.objects.create(campana=campana, numero=1, cliente_ids=[c.pk for c in clientes], total=len(clientes))
    opening.open_next(campana)
    return list(SMSLog.objects.filter(campana=campana).order_by("pk"))


def path_of(log: SMSLog) -> str:
    return f"/b/{token_de(log.pk, enlace.llave())}"


class TestText:
    def test_each_client_gets_their_own(self, owner: Usuario) -> None:
        ana, eva = sent(owner, "Hola {nombre}. Salir: {enlace_baja}", "Ana", "Eva")
        assert ana.mensaje == f"Hola Ana. Salir: https://sms.tienda.co{path_of(ana)}"
        assert eva.mensaje == f"Hola Eva. Salir: https://sms.tienda.co{path_of(eva)}"

    def test_the_rows_stand_in_the_order_of_the_audience(self, owner: Usuario) -> None:
        rows = sent(owner, "{enlace_baja}", *(f"Cliente {n}" for n in range(40)))
        assert [row.nombre for row in rows] == [f"Cliente {n}" for n in range(40)]

    def test_a_name_that_looks_like_the_placeholder_is_a_name(self, owner: Usuario) -> None:
        [log] = sent(owner, "{nombre} {enlace_baja}", "{enlace_baja}")
        assert log.mensaje == f"{{enlace_baja}} https://sms.tienda.co{path_of(log)}"
        assert texto.render("{nombre} {enlace_baja}", "{enlace_baja}", "L") == "{enlace_baja} L"

    def test_the_sample_is_as_long_as_the_real_one(self, owner: Usuario) -> None:
        sample = enlace.muestra()
        [log] = sent(owner, "{enlace_baja}", "Ana")
        assert len(sample) == len(log.mensaje)
        assert sample.rpartition("/")[0] == log.mensaje.rpartition("/")[0]

    def test_the_preview_counts_what_is_sent(self, owner: Usuario) -> None:
        """Around the border between one segment and two, in both alphabets."""
        for text, room in (("x", 160), ("ó", 70)):
            link = len(enlace.muestra())
            for extra in (0, 1):
                mensaje = text * (room - link - 4 + extra) + "{nombre} {enlace_baja}"
                Cliente.objects.filter(usuario=owner).update(activo=False)
                [log] = sent(owner, mensaje, "Ana")
                vista = calcular_vista_previa(
                    usuario=owner, mensaje=mensaje, audiencia=Audiencia.de_ids([log.cliente_id or 0])
                )
                assert vista.costo.segmentos == contar(log.mensaje).segmentos == 1 + extra
                assert len(vista.ejemplos[0].mensaje) == len(log.mensaje)

    def test_too_long_a_text_is_refused_with_the_link_in_it(self, owner: Usuario) -> None:
        link = len(enlace.muestra())
        texto.validate("x" * (1599 - link) + " {enlace_baja}")
        with pytest.raises(InvalidInputError):
            texto.validate("x" * (1600 - link) + " {enlace_baja}")


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    parts=st.lists(
        st.sampled_from(["{nombre}", " {enlace_baja} ", " hola ", "ó", "€", "😀", "x" * 60]), min_size=1, max_size=6
    ),
    nombres=st.lists(st.text(st.sampled_from("aÑ é€😀{}"), min_size=1, max_size=20), min_size=1, max_size=4),
)
def test_the_preview_and_the_engine_agree(owner: Usuario, parts: list[str], nombres: list[str]) -> None:
    """Any text and any names are rendered the same and counted the same."""
    mensaje = "".join(parts)
    logs = sent(owner, mensaje, *nombres)
    own = [log.cliente_id for log in logs if log.cliente_id]
    key = enlace.llave()
    for log in logs:
        assert log.mensaje == texto.render(mensaje, log.nombre, enlace.enlace(token_de(log.pk, key)))
    grupos = grupos_de(Audiencia.de_ids(own), ajustes=ajustes_de(owner.pk), dia=timezone.localdate())
    costo = calcular(mensaje, grupos)
    assert costo.segmentos == sum(contar(log.mensaje).segmentos for log in logs)
    assert all(len(log.mensaje) == texto.rendered_length(mensaje, len(log.nombre)) for log in logs)


class TestPage:
    @pytest.fixture
    def log(self, owner: Usuario) -> SMSLog:
        owner.tienda = "Modas <Zafiro>"
        owner.save()
        [log] = sent(owner, "{enlace_baja}", "Ana")
        return log

    def test_it_asks_first(self, log: SMSLog) -> None:
        answer = Client().get(path_of(log))
        body = answer.content.decode()
        assert answer.status_code == 200
        assert "Modas &lt;Zafiro&gt;" in body
        assert f"terminado en <strong>{log.telefono[-2:]}</strong>" in body
        assert log.telefono[:-2] not in body
        assert "Ana" not in body
        assert "No recibir más mensajes" in body

    @pytest.mark.parametrize("method", ["get", "head"])
    def test_a_scanner_that_opens_it_changes_nothing(self, log: SMSLog, method: str) -> None:
        for _ in range(3):
            assert getattr(Client(), method)(path_of(log)).status_code == 200
        assert not Baja.objects.exists()
        assert not RegistroBaja.objects.exists()

    def test_the_button_opts_out_with_proof(self, owner: Usuario, log: SMSLog) -> None:
        answer = Client(enforce_csrf_checks=True).post(path_of(log))
        assert (answer.status_code, answer["Location"]) == (303, path_of(log))
        baja = Baja.objects.get()
        assert (baja.usuario, baja.telefono, baja.vigente, baja.fuente) == (owner, log.telefono, True, "enlace")
        registro = RegistroBaja.objects.get()
        assert (registro.tipo, registro.campana_id, registro.campana_nombre) == ("baja", log.campana_id, "Promo")
        assert "No recibirá más mensajes" in Client().get(path_of(log)).content.decode()

    def test_pressing_twice_is_pressing_once(self, log: SMSLog) -> None:
        for accion in ("", "", "volver", "volver"):
            Client().post(path_of(log), {"accion": accion})
        assert list(RegistroBaja.objects.order_by("pk").values_list("tipo", flat=True)) == ["baja", "alta"]

    def test_only_that_shop_is_asked(self, log: SMSLog, stranger: Usuario) -> None:
        Client().post(path_of(log))
        assert not Baja.objects.exclude(usuario=log.campana.usuario).exists()

    def test_and_back_again(self, log: SMSLog) -> None:
        Client().post(path_of(log))
        assert Client().post(path_of(log), {"accion": "volver"}).status_code == 303
        assert not Baja.objects.filter(vigente=True).exists()
        assert "¿No quiere recibir más mensajes?" in Client().get(path_of(log)).content.decode()
        assert list(RegistroBaja.objects.order_by("pk").values_list("tipo", "fuente")) == [
            ("baja", "enlace"), ("alta", "enlace"),
        ]  # fmt: skip

    def test_the_last_slash_may_be_there(self, log: SMSLog) -> None:
        assert Client().get(path_of(log) + "/").status_code == 200

    def test_one_who_answered_stop_is_told_to_answer_start_too(self, owner: Usuario, log: SMSLog) -> None:
        who: dict[str, Any] = {"telefono": log.telefono, "tienda_id": owner.pk, "remitentes": [NUMERO]}
        dar_de_baja(**who, prueba=Prueba(Fuente.SMS, remitente=NUMERO))
        body = Client().get(path_of(log)).content.decode()
        assert "responda además START" in body
        assert Client().post(path_of(log), {"accion": "volver"}).status_code == 303
        assert "No recibir más mensajes" in Client().get(path_of(log)).content.decode()

    def test_it_keeps_to_itself(self, log: SMSLog) -> None:
        answer = Client().get(path_of(log))
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert "no-store" in answer["Cache-Control"]
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert not answer.cookies
        assert "<script" not in answer.content.decode()

    def test_a_phone_that_was_erased_has_no_page(self, log: SMSLog) -> None:
        path = path_of(log)
        SMSLog.objects.update(telefono="")
        assert Client().get(path).status_code == 404
        assert Client().post(path).status_code == 404

    @pytest.mark.parametrize("token", ["x", "0" * 11, "0" * 24])
    def test_a_link_that_is_none_is_told_so(self, db: None, token: str) -> None:
        answer = Client().post(f"/b/{token}")
        assert answer.status_code == 404
        assert "BAJA" in answer.content.decode()
        assert not Baja.objects.exists()

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_it_takes_nothing_else(self, log: SMSLog, method: str) -> None:
        assert getattr(Client(), method)(path_of(log)).status_code == 405

    def test_an_address_that_guesses_is_stopped(self, log: SMSLog) -> None:
        guesses = [Client().get(f"/b/{n:011d}").status_code for n in range(31)]
        assert guesses == [404] * 30 + [429]
        answer = Client().post(path_of(log))  # even with a right one
        assert (answer.status_code, Baja.objects.exists()) == (429, False)
        assert answer["Retry-After"] == "60"
        cache.clear()
        assert Client().post(path_of(log)).status_code == 303

    def test_visits_of_a_whole_carrier_are_let_in(self, log: SMSLog) -> None:
        """Thousands of phones share an address."""
        assert {Client().get(path_of(log)).status_code for _ in range(100)} == {200}


def test_a_link_works_whatever_the_secret_key_is(owner: Usuario, settings: Any) -> None:
    [log] = sent(owner, "{enlace_baja}", "Ana")
    path = path_of(log)
    settings.SECRET_KEY = "another-key-of-the-same-length-or-more-than-before"
    assert Client().get(path).status_code == 200
