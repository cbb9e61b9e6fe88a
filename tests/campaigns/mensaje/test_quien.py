"""A text names its shop, however it writes the name."""

import pytest

from campaigns.mensaje.quien import con_nombre, nombra


@pytest.mark.parametrize(
    ("mensaje", "tienda", "expected"),
    [
        ("Zapatos Luna: 20% hoy", "Zapatos Luna", True),
        ("ZAPATOS LUNA, 20% hoy", "Zapatos Luna", True),
        ("Hola {nombre}, en «Zapatos  Luna» hay 20%", "Zapatos Luna", True),
        ("Panaderia Nandu: hoy 2x1", "Panadería Ñandú", True),
        ("Síguenos en @zapatosluna", "Zapatos Luna", True),
        ("Zapatos con luna", "Zapatos Luna", False),
        ("Zapatosluna2: 20%", "Zapatos Luna", False),
        ("Lunares: 20%", "Luna", False),
        ("20% hoy", "Zapatos Luna", False),
        ("", "Zapatos Luna", False),
        ("Zapatos {nombre} Luna", "Zapatos Luna", False),  # Zapatos Ana Luna
        ("Hola {nombre}: 20%", "Nombre", False),
        ("Hola {nombre} {enlace_baja}", "Enlace Baja", False),
        ("{nombre}, Zapatos Luna le espera {enlace_baja}", "Zapatos Luna", True),
        ("20% hoy", "¡!", True),  # nothing that could be written
        ("Tienda 24/7: abrimos", "Tienda 24/7", True),
    ],
)
def test_it_finds_the_name(mensaje: str, tienda: str, expected: bool) -> None:
    assert nombra(mensaje, tienda) is expected


def test_a_text_with_the_name_in_front_has_it() -> None:
    assert con_nombre("20% hoy", "Zapatos Luna") == "Zapatos Luna: 20% hoy"
    assert nombra(con_nombre("20% hoy", "Zapatos Luna"), "Zapatos Luna")
