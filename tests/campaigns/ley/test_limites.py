"""The operator's ceilings: who sets them, by which doors, what each may be, and that a shop only reads them."""

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from campaigns.api.ajustes import LIMITES
from campaigns.ley.limites import NOMBRES, REGLAS, cambiar_limites
from campaigns.ley.selectors import ajustes_de
from campaigns.models import Ajustes, LimitesTienda
from campaigns.models.limites import CAMPOS
from campaigns.models.remitente import LLENO
from campaigns.remitentes import crear_remitente
from core.errors import InvalidInputError
from core.models import Registro, Usuario
from tests.factories import RemitenteFactory, UsuarioFactory
from tests.pages import signed_in as signed_in_page

URL = "/api/v1/ajustes/"


@pytest.fixture(autouse=True)
def _price(settings: Any) -> None:
    settings.SMS_SEGMENT_PRICE = Decimal("0.05")


@pytest.fixture
def operator(db: None) -> Client:
    return signed_in_page(UsuarioFactory.create(username="operador", is_staff=True, is_superuser=True))


def command(*said: str) -> str:
    out = StringIO()
    call_command("limites", *said, stdout=out)
    return out.getvalue()


def test_each_is_everywhere() -> None:
    stored = {field.name for field in LimitesTienda._meta.fields if not field.primary_key}
    assert set(CAMPOS) == set(REGLAS) == set(NOMBRES) == set(LIMITES) == stored


@pytest.mark.parametrize(
    ("cambios", "field"),
    [
        ({"paises": ["CO", "XX"]}, "paises"),
        ({"paises": ["co"]}, "paises"),
        ({"paises": ["57"]}, "paises"),
        ({"paises": []}, "paises"),
        ({"dinero_diario": Decimal(-1)}, "dinero_diario"),
        ({"dinero_mensual": Decimal("1e12")}, "dinero_mensual"),
        ({"mensajes_diarios": -1}, "mensajes_diarios"),
        ({"remitentes": 10**6}, "remitentes"),
        ({"remitentes": 1, "aprobacion_destinatarios": 10**12}, "aprobacion_destinatarios"),
    ],
)
def test_it_refuses_what_is_none(owner: Usuario, cambios: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        cambiar_limites(tienda=owner, cambios=cambios)
    assert (error.value.field, LimitesTienda.objects.count()) == (field, 0)


def test_it_refuses_money_without_a_price_of_the_installation(owner: Usuario, settings: Any) -> None:
    settings.SMS_SEGMENT_PRICE = None
    Ajustes.objects.update(precio_segmento=Decimal("0.01"))
    with pytest.raises(InvalidInputError, match="SMS_SEGMENT_PRICE"):
        cambiar_limites(tienda=owner, cambios={"dinero_diario": Decimal(5)})


def test_it_refuses_who_is_no_shop(teammate: Usuario) -> None:
    with pytest.raises(InvalidInputError, match="vendedor"):
        cambiar_limites(tienda=teammate, cambios={"mensajes_diarios": 5})


class TestCommand:
    def test_it_sets_shows_and_gives_back(self, owner: Usuario) -> None:
        assert "Países a los que puede enviar: CO" in command("duena")
        said = command("duena", "--paises", "pe, co", "--dinero-dia", "20.5", "--mensajes-dia", "500")
        assert "Países a los que puede enviar: CO, PE" in said
        assert "500" in said
        limites = ajustes_de(owner.pk).limites
        assert (limites.paises, limites.dinero_diario, limites.mensajes_diarios) == (("CO", "PE"), Decimal("20.5"), 500)
        command("duena", "--paises", "-", "--dinero-dia", "-")
        limites = ajustes_de(owner.pk).limites
        assert (limites.paises, limites.dinero_diario, limites.mensajes_diarios) == (("CO",), None, 500)
        assert Registro.objects.filter(tipo="limites", tienda_id=owner.pk).count() == 2

    @pytest.mark.parametrize(
        "said",
        [
            ("nadie",),
            ("vendedor", "--mensajes-dia", "5"),
            ("duena", "--paises", "Perú"),
            ("duena", "--dinero-dia", "mucho"),
            ("duena", "--dinero-dia", "nan"),
            ("duena", "--mensajes-dia", "5.5"),
            ("duena", "--mensajes-dia=-1"),
        ],
    )
    def test_it_refuses(self, owner: Usuario, teammate: Usuario, said: tuple[str, ...]) -> None:
        with pytest.raises(CommandError):
            command(*said)
        assert not LimitesTienda.objects.exists()


class TestAdmin:
    ADD = "/admin/campaigns/limitestienda/add/"

    def test_an_operator_sets_them(self, operator: Client, owner: Usuario) -> None:
        assert operator.get(self.ADD).status_code == 200
        form = {"tienda": owner.pk, "paises": "co, pe", "mensajes_diarios": "100"}
        assert operator.post(self.ADD, form).status_code == 302
        row = LimitesTienda.objects.get(pk=owner.pk)
        assert (row.paises, row.mensajes_diarios, row.remitentes) == (["CO", "PE"], 100, None)
        logged = Registro.objects.get(tipo="limites")
        assert (logged.quien, logged.tienda_id, logged.via) == ("operador", owner.pk, "pagina")
        page = f"/admin/campaigns/limitestienda/{owner.pk}/change/"
        assert "CO, PE" in operator.get(page).text
        assert operator.post(page, {"paises": "", "mensajes_diarios": "100"}).status_code == 302
        row.refresh_from_db()
        assert (row.paises, row.mensajes_diarios) == (None, 100)

    def test_it_says_what_is_wrong(self, operator: Client, owner: Usuario) -> None:
        answer = operator.post(self.ADD, {"tienda": owner.pk, "paises": "Colombia"})
        assert (answer.status_code, LimitesTienda.objects.count()) == (200, 0)
        assert "no es un país" in answer.text

    def test_a_shop_gets_no_further_than_the_door(self, owner: Usuario) -> None:
        assert signed_in_page(owner).get(self.ADD).status_code in {302, 403}


class TestAShopReadsThem:
    def test_by_the_api(self, owner: Usuario) -> None:
        cambiar_limites(tienda=owner, cambios={"dinero_diario": Decimal(20), "paises": ["*"], "remitentes": 2})
        page = signed_in_page(owner)
        said = page.get(URL).json()["limites"]
        assert (said["dinero_diario"], said["paises"], said["remitentes"]) == ("20.00", None, 2)
        # What was read may be sent back whole, and changes nothing.
        body = {"limites": {**said, "dinero_diario": None, "paises": ["PE"]}, "plazo_h": 48}
        answer = page.patch(URL, body, content_type="application/json")
        assert (answer.status_code, answer.json()["limites"]) == (200, said)

    def test_on_the_page(self, owner: Usuario) -> None:
        cambiar_limites(tienda=owner, cambios={"mensajes_diarios": 12345})
        text = signed_in_page(owner).get("/ajustes/").text
        assert "Límites de la instalación" in text
        assert "12.345" in text


class TestSenders:
    def test_no_more_are_lent_than_it_may_have(self, owner: Usuario, operator: Client) -> None:
        cambiar_limites(tienda=owner, cambios={"remitentes": 1})
        off = RemitenteFactory.create(usuario=owner, valor="85430", activo=False)
        crear_remitente(usuario=owner, nombre="uno", valor="85431")
        crear_remitente(usuario=owner, nombre="guardado", valor="85432", activo=False)
        with pytest.raises(InvalidInputError, match="remitentes activos") as error:
            crear_remitente(usuario=owner, nombre="dos", valor="85433")
        assert error.value.field == "activo"
        page = signed_in_page(owner)
        answer = page.patch(f"/api/v1/remitentes/{off.pk}/", {"activo": True}, content_type="application/json")
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "activo")
        form = {"nombre": "tres", "valor": "85434", "activo": "on", "usuario": owner.pk}
        assert LLENO.format(limite=1) in operator.post("/admin/campaigns/remitente/add/", form).text
        assert owner.remitentes.filter(activo=True).count() == 1
