"""The warnings of the preview."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Ajustes, CampanaSMS
from campaigns.vista_previa.firma import SIN_NOMBRE
from core.models import Usuario
from tests.core.api.support import error_of
from tests.factories import ClienteFactory, PlantillaFactory
from tests.pages import signed_in

URL = "/api/v1/campanas/vista-previa/"


def avisos(api: APIClient, usuario: Usuario, n: int, mensaje: str = "Hola") -> dict[str, str]:
    ids = [cliente.pk for cliente in ClienteFactory.create_batch(n, usuario=usuario)]
    answer = api.post(URL, {"mensaje": mensaje, "cliente_ids": ids})
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["avisos"]
    return {aviso["codigo"]: aviso["texto"].replace("\N{NO-BREAK SPACE}", " ") for aviso in found}


@pytest.mark.parametrize(
    ("tope", "texto"),
    [
        ("5", None),
        ("3", "Cuesta USD 4,00 y del tope del día quedan USD 3,00: al llegar al tope se pausará."),
        (
            "0.5",
            (
                "Cuesta USD 4,00 y del tope del día quedan USD 0,5000: al llegar al tope se pausará."
                " El tope no alcanza ni para un mensaje: no se enviará nada."
            ),
        ),
    ],
)
def test_it_says_what_a_cap_does(api: APIClient, owner: Usuario, tope: str, texto: str | None) -> None:
    Ajustes.objects.update_or_create(
        usuario=owner, defaults={"precio_segmento": Decimal(1), "tope_diario": Decimal(tope)}
    )
    assert avisos(api, owner, 4).get("tope_diario") == texto


@pytest.mark.parametrize(
    ("mensaje", "precio", "texto"),
    [
        ("Hola", "1", "El texto no dice de quién es. Con «Zapatos Luna: » al comienzo cuesta lo mismo."),
        ("a" * 155, "1", "El texto no dice de quién es. Con «Zapatos Luna: » al comienzo cuesta USD 2,00 más."),
        ("a" * 155, None, "El texto no dice de quién es. Con «Zapatos Luna: » al comienzo cuesta 2 segmentos más."),
        ("Hola de ZAPATOS LUNA", "1", None),
    ],
)
def test_it_says_that_the_text_is_from_nobody(
    api: APIClient, owner: Usuario, settings: Any, mensaje: str, precio: str | None, texto: str | None
) -> None:
    settings.SMS_SEGMENT_PRICE = None
    owner.tienda = "Zapatos Luna"
    owner.save()
    Ajustes.objects.update_or_create(usuario=owner, defaults={"precio_segmento": precio and Decimal(precio)})
    assert avisos(api, owner, 2, mensaje).get("sin_remitente") == texto


def test_a_shop_without_a_name_is_not_told(api: APIClient, owner: Usuario) -> None:
    assert "sin_remitente" not in avisos(api, owner, 1)


def test_a_text_from_nobody_is_refused_where_the_shop_says_so(api: APIClient, owner: Usuario) -> None:
    ana = ClienteFactory.create(usuario=owner)
    refused = api.patch("/api/v1/ajustes/", {"exigir_nombre": True})
    assert error_of(refused, 400)["attr"] == "alias"  # the shop has no name yet
    assert error_of(api.patch("/api/v1/ajustes/", {"alias": "¡!"}), 400)["attr"] == "alias"
    assert (
        api.patch("/api/v1/ajustes/", {"exigir_nombre": True, "alias": " Luna  Bella "}).json()["alias"] == "Luna Bella"
    )
    plantilla = PlantillaFactory.create(usuario=owner, mensaje="20% hoy")
    ids = {"cliente_ids": [ana.pk]}
    recurring = {"nombre": "Cada día", "audiencia": {"todos": True}, "frecuencia": "diaria", "hora": "10:00"}
    doors: list[tuple[str, dict[str, Any], str]] = [
        (URL, {"mensaje": "20% hoy", **ids}, "mensaje"),
        ("/api/v1/campanas/", {"mensaje": "20% hoy", **ids}, "mensaje"),
        ("/api/v1/campanas/", {"plantilla": plantilla.pk, **ids}, "plantilla"),
        ("/api/v1/programaciones/", {"mensaje": "20% hoy", **recurring}, "mensaje"),
    ]
    for path, body, attr in doors:
        error = error_of(api.post(path, body), 400)
        assert (error["code"], error["detail"]) == ("sin_remitente", SIN_NOMBRE.format(tienda="Luna Bella")), path
        assert error["attr"].startswith(attr)
    sent = api.post("/clientes/enviar-sms/", {"mensaje": "20% hoy", **ids})
    assert (sent.status_code, SIN_NOMBRE.format(tienda="Luna Bella") in sent.content.decode()) == (400, True)
    assert not CampanaSMS.objects.exists()
    assert "sin_remitente" not in avisos(api, owner, 1, "LUNA BELLA: 20% hoy")
    # Switching it off gives a protection up.
    assert error_of(api.patch("/api/v1/ajustes/", {"exigir_nombre": False}), 400)["attr"] == "motivo"


def test_the_page_offers_to_put_the_name_in_front(owner: Usuario) -> None:
    ana = ClienteFactory.create(usuario=owner)
    cambiar_ajustes(usuario=owner, cambios={"exigir_nombre": True, "alias": "Luna"})
    form = {"quienes": "algunos", "clientes": [str(ana.pk)], "mensaje": "20% hoy"}
    browser = signed_in(owner)
    page = browser.post("/campanas/nueva/", form | {"accion": "revisar"}).content.decode()
    assert SIN_NOMBRE.format(tienda="Luna") in page
    assert 'value="con_nombre"' in page
    page = browser.post("/campanas/nueva/", form | {"accion": "con_nombre"}).content.decode()
    assert "\nLuna: 20% hoy</textarea>" in page
