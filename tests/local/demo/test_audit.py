"""The demonstration's audit finds what disagrees, and takes an opt-out of an earlier one for what it is."""

from typing import Any

import pytest

from local.demo.audit import audit
from local.demo.sample import Muestra

ANA, BLOCKED = Muestra("Ana", "3001234567", "1", ""), Muestra("Ramón", "+15005550004", "2", "21610")


def row(nombre: str, codigo: str, estado: str = "fallido") -> dict[str, Any]:
    return {"nombre": nombre, "telefono": "x", "codigo": codigo, "error": "y", "estado": estado, "twilio_sid": ""}


@pytest.mark.parametrize("codigo", ["21610", "baja"])
def test_a_phone_that_twilio_blocks_is_learnt_in_the_first_run(codigo: str) -> None:
    assert audit([BLOCKED], [row("Ramón", codigo)], []).problems == []


def test_a_sample_client_who_answered_baja_is_no_fault() -> None:
    assert audit([ANA], [row("Ana", "baja")], []).problems == []


def test_any_other_code_is() -> None:
    assert audit([ANA], [row("Ana", "21211")], []).problems == ["Ana should have ended enviado"]
