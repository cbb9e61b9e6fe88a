"""Large campaigns wait for a yes, whatever makes them and whatever nudges the engine."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana import reintentos, services
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Ajustes, CampanaSMS, Contacto, Lote, Programacion, SMSLog, Suceso
from campaigns.programaciones.ocurrencias import crear_una
from campaigns.templatetags.campanas import estado_campana
from campaigns.vista_previa import aprobaciones
from clientes.models import Cliente
from core.errors import ConflictError
from core.models import Usuario
from tests import pages
from tests.conftest import signed_in
from tests.core.api.support import error_of
from tests.factories import CampanaFactory, ClienteFactory, VendedorFactory, llave_de, una_programacion
from workers.engine.campaign import campana
from workers.engine.lote import publishing
from workers.engine.rounds import sweeper

URL = "/api/v1/campanas/"


@pytest.fixture(autouse=True)
def _publishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: None)


@pytest.fixture
def tienda(owner: Usuario) -> Usuario:
    """A shop where two recipients, or one unit of money, need no approval."""
    Ajustes.objects.filter(usuario=owner).update(
        aprobacion_destinatarios=2, aprobacion_costo=Decimal(1), precio_segmento=Decimal("0.1")
    )
    return owner


def body(usuario: Usuario, n: int, mensaje: str = "Hola") -> dict[str, Any]:
    ids = [cliente.pk for cliente in ClienteFactory.create_batch(n, usuario=usuario)]
    return {"mensaje": mensaje, "cliente_ids": ids}


def waiting(usuario: Usuario) -> CampanaSMS:
    data = body(usuario, 3)
    nueva = services.NuevaCampana(mensaje=data["mensaje"], audiencia=Audiencia.de_ids(data["cliente_ids"]))
    found, _ = services.crear_campana(usuario=usuario, nueva=nueva)
    return found


@pytest.mark.parametrize(
    ("n", "mensaje", "motivo"),
    [
        (2, "Hola", ""),
        (3, "Hola", "Espera aprobación: son 3 destinatarios, y sin ella van hasta 2."),
        (2, "x" * 760, ""),  # 5 segments each: exactly the limit
        (2, "x" * 770, "Espera aprobación: cuesta USD 1,20, y sin ella se gasta hasta USD 1,00."),
    ],
)
def test_it_waits_above_either_limit(tienda: Usuario, api: APIClient, n: int, mensaje: str, motivo: str) -> None:
    made = api.post(URL, body(tienda, n, mensaje)).json()
    assert made["estado"] == "pendiente"
    assert (made["aprobacion"], made["motivo"].replace("\N{NO-BREAK SPACE}", " ")) == (
        "pendiente" * bool(motivo),
        motivo,
    )


def test_who_cannot_be_sent_to_costs_nothing(tienda: Usuario, api: APIClient) -> None:
    Ajustes.objects.update(aprobacion_destinatarios=None)
    bad = ClienteFactory.create_batch(20, usuario=tienda, telefono="12")
    made = api.post(URL, {"mensaje": "Hola", "cliente_ids": [c.pk for c in bad]}).json()
    assert made["aprobacion"] == ""


@pytest.mark.django_db(transaction=True)
def test_the_engine_starts_none_that_waits(tienda: Usuario) -> None:
    found = waiting(tienda)
    campana.advance(found.pk)
    swept = sweeper.sweep()
    found.refresh_from_db()
    assert (found.estado, found.iniciado_en) == ("pendiente", None)
    assert swept is not None
    assert swept.campaigns == 0
    assert not SMSLog.objects.exists()
    # Nor when something else made it run: nothing has been opened.
    assert list(Lote.objects.values_list("estado", flat=True)) == ["pendiente"]


def test_an_approved_one_starts_and_says_who(tienda: Usuario, api: APIClient) -> None:
    found = waiting(tienda)
    answer = api.post(f"{URL}{found.pk}/aprobar/")
    assert answer.status_code == 200
    assert (answer.json()["aprobacion"], answer.json()["motivo"]) == ("aprobada", "")
    campana.advance(found.pk)
    found.refresh_from_db()
    assert (found.estado, found.decidida_por) == ("procesando", tienda)
    assert found.decidida_en is not None
    assert found.vence_en is not None
    assert SMSLog.objects.count() == 3


@pytest.mark.parametrize(
    ("body", "motivo"), [({}, "duena no la aprobó."), ({"motivo": "Muy cara"}, "duena no la aprobó: Muy cara")]
)
def test_a_refused_one_is_cancelled(tienda: Usuario, api: APIClient, body: dict[str, str], motivo: str) -> None:
    found = waiting(tienda)
    answer = api.post(f"{URL}{found.pk}/rechazar/", body).json()
    assert (answer["estado"], answer["aprobacion"], answer["motivo"]) == ("cancelado", "rechazada", motivo)
    campana.advance(found.pk)
    found.refresh_from_db()
    assert (found.enviados_fallidos, found.completado_en is not None) == (3, True)


@pytest.mark.parametrize("action", ["aprobar", "rechazar"])
def test_it_is_decided_once(tienda: Usuario, api: APIClient, action: str) -> None:
    found = waiting(tienda)
    assert api.post(f"{URL}{found.pk}/{action}/").status_code == 200
    for again in ("aprobar", "rechazar"):
        error = error_of(api.post(f"{URL}{found.pk}/{again}/"), 409)
        assert error["detail"] == aprobaciones.NO_ESPERA.format(accion=again)


def test_it_rejects_what_does_not_wait(owner: Usuario) -> None:
    with pytest.raises(ConflictError):
        aprobaciones.decidir(campana=CampanaFactory.create(usuario=owner), usuario=owner, aprobar=True)


def test_a_vendedor_does_not_decide(tienda: Usuario, teammate: Usuario) -> None:
    found = waiting(tienda)
    for action in ("aprobar", "rechazar"):
        assert signed_in(teammate).post(f"{URL}{found.pk}/{action}/").status_code == 403
    found.refresh_from_db()
    assert found.por_aprobar


def test_nobody_approves_last_weeks_offer(tienda: Usuario) -> None:
    """The deadline runs while it waits."""
    found = waiting(tienda)
    CampanaSMS.objects.update(vence_en=Now() - timedelta(minutes=1))
    campana.advance(found.pk)
    found.refresh_from_db()
    assert (found.estado, found.enviados_fallidos) == ("error", 3)


def test_nobody_approves_it_after_its_deadline(tienda: Usuario) -> None:
    """Nobody approves it either while the engine is still writing its end."""
    found = waiting(tienda)
    CampanaSMS.objects.update(vence_en=Now() - timedelta(seconds=1))
    with pytest.raises(ConflictError, match="no espera aprobación"):
        aprobaciones.decidir(campana=found, usuario=tienda, aprobar=True)


def test_what_ended_without_a_yes_is_not_tried_again(tienda: Usuario, api: APIClient) -> None:
    found = waiting(tienda)
    CampanaSMS.objects.update(vence_en=Now() - timedelta(minutes=1))
    campana.advance(found.pk)
    refused = api.post(f"{URL}{found.pk}/reintentar/")
    assert (refused.status_code, refused.json()["errors"][0]["detail"]) == (409, reintentos.SIN_APROBAR)
    found.refresh_from_db()
    assert found.estado == "error"
    assert not reintentos.reintentables(found)


def test_what_waits_for_another_day_is_counted_too(tienda: Usuario, api: APIClient) -> None:
    """Written to already today, they cost nothing today and all of it tomorrow."""
    Ajustes.objects.update(aprobacion_destinatarios=None, frecuencia_activa=True)
    data = body(tienda, 2, "x" * 770)
    phones = Cliente.objects.filter(pk__in=data["cliente_ids"]).values_list("telefono_e164", flat=True)
    other = CampanaFactory.create(usuario=tienda)
    hoy = timezone.localdate(timezone=ZoneInfo("America/Bogota"))
    Contacto.objects.bulk_create(
        Contacto(usuario=tienda, dia=hoy + timedelta(days=days), telefono=phone, n=1, campana=other)
        for phone in phones
        for days in range(4)
    )
    shown = api.post(f"{URL}vista-previa/", data).json()
    made = api.post(URL, data).json()
    assert made["aprobacion"] == "pendiente"
    [warned] = [aviso["texto"] for aviso in shown["avisos"] if aviso["codigo"] == "aprobacion"]
    assert warned.split() == made["motivo"].split()  # one of them keeps sums on one line


def test_one_of_unknown_cost_waits(tienda: Usuario, api: APIClient, settings: Any) -> None:
    settings.SMS_SEGMENT_PRICE = None
    Ajustes.objects.update(aprobacion_destinatarios=None, precio_segmento=None)
    made = api.post(URL, body(tienda, 1)).json()
    assert made["aprobacion"] == "pendiente"
    assert "no se sabe cuánto cuesta" in made["motivo"]


class TestOneWithADate:
    def made(self, usuario: Usuario) -> CampanaSMS:
        data = body(usuario, 3)
        nueva = services.NuevaCampana(
            mensaje=data["mensaje"],
            audiencia=Audiencia.de_ids(data["cliente_ids"]),
            programada_para=timezone.now() + timedelta(days=2),
        )
        found, _ = services.crear_campana(usuario=usuario, nueva=nueva)
        return found

    def test_its_deadline_counts_from_its_date(self, tienda: Usuario) -> None:
        found = self.made(tienda)
        assert found.programada_para is not None
        assert found.por_aprobar
        assert found.vence_en == found.programada_para + timedelta(hours=72)

    def test_neither_the_yes_nor_the_date_starts_it_alone(self, tienda: Usuario) -> None:
        approved, due = self.made(tienda), self.made(tienda)
        aprobaciones.decidir(campana=approved, usuario=tienda, aprobar=True)
        CampanaSMS.objects.filter(pk=due.pk).update(programada_para=Now() - timedelta(minutes=1))
        for found in (approved, due):
            campana.advance(found.pk)
            found.refresh_from_db()
            assert (found.estado, found.iniciado_en) == ("pendiente", None)
        aprobaciones.decidir(campana=due, usuario=tienda, aprobar=True)
        campana.advance(due.pk)
        due.refresh_from_db()
        assert due.estado == "procesando"

    def test_without_a_yes_it_ends_at_its_deadline(self, tienda: Usuario) -> None:
        found = self.made(tienda)
        CampanaSMS.objects.update(vence_en=Now() - timedelta(minutes=1))
        campana.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.enviados_fallidos) == ("error", 3)

    def test_its_chip_says_both(self, tienda: Usuario) -> None:
        found = self.made(tienda)
        assert estado_campana(found)["texto"] == "Programada, por aprobar"
        found = aprobaciones.decidir(campana=found, usuario=tienda, aprobar=True)
        assert estado_campana(found)["texto"] == "Programada"


@pytest.mark.parametrize(("aprobar", "tipo"), [(True, "aprobada"), (False, "rechazada")])
def test_the_decision_is_in_the_audit_log(tienda: Usuario, api: APIClient, aprobar: bool, tipo: str) -> None:
    found = waiting(tienda)
    api.post(f"{URL}{found.pk}/{'aprobar' if aprobar else 'rechazar'}/", {"motivo": "Por la fecha"})
    created, decided = Suceso.objects.filter(campana=found).order_by("pk")
    assert (created.tipo, created.detalle) == ("creada", found.motivo)
    assert (decided.tipo, decided.detalle, decided.usuario) == (tipo, "Por la fecha", tienda)


def test_the_call_that_waits_for_the_end_does_not_wait_for_the_yes(tienda: Usuario, settings: Any) -> None:
    settings.SEND_WAIT_S = 30
    client = signed_in(tienda)
    client.force_login(tienda)
    answer = client.post("/clientes/enviar-sms/", body(tienda, 3))
    assert (answer.status_code, answer.json()["estado"]) == (202, "pendiente")


def test_it_is_off_in_a_new_shop(stranger: Usuario) -> None:
    ajustes = Ajustes(usuario=stranger)
    assert (ajustes.aprobacion_destinatarios, ajustes.aprobacion_costo) == (None, None)
    assert aprobaciones.por_que_espera(ajustes, total=10**6, costo=None) == ""


class TestOnesOwn:
    """The author of a campaign approves it on a page, unless the shop says otherwise; a program never does."""

    @pytest.fixture
    def aprobador(self, tienda: Usuario) -> Usuario:
        return VendedorFactory.create(username="revisora", rol="aprobador", creado_por=tienda)

    @pytest.fixture
    def ajena(self, aprobador: Usuario, tienda: Usuario) -> CampanaSMS:
        """A campaign of a shop where somebody else approves."""
        cambiar_ajustes(usuario=tienda, cambios={"aprobacion_ajena": True})
        return waiting(tienda)

    def test_the_author_does_not_where_the_shop_says_so(self, ajena: CampanaSMS, tienda: Usuario) -> None:
        error = error_of(signed_in(tienda).post(f"{URL}{ajena.pk}/aprobar/"), 403)
        assert (error["code"], error["detail"]) == ("own_campaign", aprobaciones.PROPIA)
        path = f"/campanas/{ajena.pk}/"
        assert pages.flashes(tienda, f"{path}aprobar/", {}) == [aprobaciones.PROPIA]
        page = pages.get(tienda, path)
        assert aprobaciones.PROPIA in page
        assert "/aprobar/" not in page
        ajena.refresh_from_db()
        assert ajena.aprobacion == "pendiente"
        # To call it off is no approval.
        assert signed_in(tienda).post(f"{URL}{ajena.pk}/rechazar/").status_code == 200

    def test_somebody_else_does(self, ajena: CampanaSMS, aprobador: Usuario) -> None:
        assert f"/campanas/{ajena.pk}/aprobar/" in pages.get(aprobador, f"/campanas/{ajena.pk}/")
        assert signed_in(aprobador).post(f"{URL}{ajena.pk}/aprobar/").status_code == 200
        ajena.refresh_from_db()
        assert (ajena.aprobacion, ajena.decidida_por) == ("aprobada", aprobador)

    @pytest.mark.parametrize("scope", ["campanas", "todo"])
    def test_a_program_approves_nothing_of_its_persons(self, tienda: Usuario, scope: str) -> None:
        client = APIClient(headers={"Authorization": f"Bearer {llave_de(tienda, scope)}"})
        made = client.post(URL, body(tienda, 3)).json()
        error = error_of(client.post(f"{URL}{made['id']}/aprobar/"), 403)
        assert (error["code"], error["detail"]) == ("own_campaign", aprobaciones.LLAVE_PROPIA)
        # Not with another key of theirs either; they themselves may, here.
        other = APIClient(headers={"Authorization": f"Bearer {llave_de(tienda)}"})
        assert other.post(f"{URL}{made['id']}/aprobar/").status_code == 403
        assert pages.flashes(tienda, f"/campanas/{made['id']}/aprobar/", {"visto": made["huella"]})
        assert CampanaSMS.objects.get().aprobacion == "aprobada"

    def test_a_program_of_another_person_does(self, tienda: Usuario, aprobador: Usuario) -> None:
        found = waiting(tienda)
        client = APIClient(headers={"Authorization": f"Bearer {llave_de(aprobador, 'campanas')}"})
        assert client.post(f"{URL}{found.pk}/aprobar/").status_code == 200

    def test_who_last_defined_a_recurring_one_is_its_author(self, tienda: Usuario, aprobador: Usuario) -> None:
        cambiar_ajustes(usuario=tienda, cambios={"aprobacion_ajena": True})
        socia = VendedorFactory.create(rol="admin", creado_por=tienda)
        ClienteFactory.create_batch(3, usuario=tienda)
        row = una_programacion(tienda)
        assert row.autor == tienda
        Programacion.objects.filter(pk=row.pk).update(autor=socia)
        row.refresh_from_db()
        due, _ = crear_una(row, momento=timezone.now())
        now, _ = crear_una(row, momento=timezone.now() + timedelta(minutes=1), por=tienda)
        assert (due.creada_por, now.creada_por) == (socia, tienda)
        assert aprobaciones.no_aprueba(due, socia) == aprobaciones.PROPIA
        assert aprobaciones.no_aprueba(due, tienda) == ""
        # The words are hers, whoever runs it.
        assert aprobaciones.no_aprueba(now, socia) == aprobaciones.TEXTO_PROPIO

    def test_who_last_wrote_a_templates_text_is_an_author_too(self, tienda: Usuario) -> None:
        socia, otra = (VendedorFactory.create(rol="admin", creado_por=tienda) for _ in range(2))
        cambiar_ajustes(usuario=tienda, cambios={"aprobacion_ajena": True})
        ClienteFactory.create_batch(3, usuario=tienda)
        by_api = APIClient(headers={"Authorization": f"Bearer {llave_de(socia)}"})
        row = by_api.post("/api/v1/plantillas/", {"nombre": "Promo", "mensaje": "Hola"}).json()
        path = f"/api/v1/plantillas/{row['id']}/"

        def made() -> CampanaSMS:
            asked = {"plantilla": row["id"], "audiencia": {"todos": True}}
            return CampanaSMS.objects.get(pk=signed_in(tienda).post(URL, asked).json()["id"])

        first = made()
        assert aprobaciones.no_aprueba(first, socia) == aprobaciones.TEXTO_PROPIO
        assert aprobaciones.no_aprueba(first, tienda) == aprobaciones.PROPIA
        assert aprobaciones.no_aprueba(first, otra) == ""
        assert error_of(by_api.post(f"{URL}{first.pk}/aprobar/"), 403)["detail"] == aprobaciones.LLAVE_DEL_TEXTO
        # A page changes it too; another name, or the same words again, make nobody its author.
        form = {"nombre": "Promo", "mensaje": "Adiós", "activo": "true"}
        assert pages.signed_in(otra).post(f"/clientes/plantillas/editar/{row['id']}/", form).status_code == 302
        assert by_api.patch(path, {"nombre": "Otra", "mensaje": "Adiós"}).status_code == 200
        second = made()
        assert aprobaciones.no_aprueba(second, otra) == aprobaciones.TEXTO_PROPIO
        assert aprobaciones.no_aprueba(second, socia) == ""

    def test_the_setting_needs_somebody_else(self, tienda: Usuario, api: APIClient) -> None:
        def ask() -> Any:
            return api.patch("/api/v1/ajustes/", {"aprobacion_ajena": True})

        error = error_of(ask(), 400)
        assert (error["attr"], error["code"]) == ("aprobacion_ajena", "nobody_else")
        VendedorFactory.create(rol="operador", creado_por=tienda)
        VendedorFactory.create(rol="aprobador", creado_por=tienda, is_active=False)
        error_of(ask(), 400)
        VendedorFactory.create(rol="admin", creado_por=tienda)
        assert ask().json()["aprobacion_ajena"] is True
        # … and to switch it off, a reason.
        error = error_of(api.patch("/api/v1/ajustes/", {"aprobacion_ajena": False}), 400)
        assert error["attr"] == "motivo"
