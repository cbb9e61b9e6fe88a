"""The words that are answered by themselves, and those that never are."""

import pytest

from campaigns.respuestas import palabras
from core.errors import InvalidInputError


@pytest.mark.parametrize(
    ("written", "clave"),
    [
        ("HORARIO", "horario"),
        ("¿Horario?", "horario"),
        ("Hola, HORÁRIO por favor 🙏", "horario"),
        ("  horario.  ", "horario"),
        ("horário\n", "horario"),
        ("Lista de precios", "lista de precios"),
        ("DIRECCIÓN", "direccion"),
        ("Año", "ano"),
        ("2x1", "2x1"),
        ("", ""),
        ("hola", ""),
        ("👍", ""),
    ],
)
def test_it_compares_what_is_said(written: str, clave: str) -> None:
    assert palabras.clave_de(written) == clave


@pytest.mark.parametrize(
    "written", ["HORARIO", "Precio", "lista de precios", "AYUDA", "INFO", "dirección", "2x1", "citas"]
)
def test_it_takes_words(written: str) -> None:
    assert palabras.leer(written) == palabras.clave_de(written)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("BAJA", "reserved"),
        ("stop", "reserved"),
        ("Salir", "reserved"),
        ("no más mensajes", "reserved"),
        ("ALTA", "reserved"),
        ("SI", "reserved"),
        ("unsubscribe", "reserved"),
        ("parar", "reserved"),
        ("hola", "invalid"),
        ("¿?", "invalid"),
        ("precios de lo que tienen en la tienda", "max_length"),
    ],
)
def test_it_refuses_what_is_dealt_with_already_and_what_is_no_word(written: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        palabras.leer(written)
    assert (refused.value.field, refused.value.code) == ("palabra", code)
