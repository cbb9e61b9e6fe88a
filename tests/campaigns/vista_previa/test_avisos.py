"""The warnings of the preview."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.models import Ajustes
from core.models import Usuario
from tests.factories import ClienteFactory

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
