"""The sample clients and what each of them must end as."""

import csv
from dataclasses import dataclass
from pathlib import Path

from clientes.models import Cliente
from clientes.services import crear_clientes
from core.models import Usuario

FILE = Path(__file__).with_name("clientes.csv")


@dataclass(frozen=True, slots=True)
class Muestra:
    """Args:
    esperado: the code the recipient must fail with; "" when the message must be sent.
    """

    nombre: str
    telefono: str
    documento: str
    esperado: str


def read() -> list[Muestra]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return [Muestra(**row) for row in csv.DictReader(file)]


def import_missing(usuario: Usuario, muestras: list[Muestra]) -> int:
    """Give the user the sample clients they do not have yet, by document; return how many were new."""
    known = set(Cliente.objects.filter(usuario=usuario).values_list("documento", flat=True))
    new = [m for m in muestras if m.documento not in known]
    crear_clientes(
        usuario=usuario,
        filas=({"nombre": m.nombre, "telefono": m.telefono, "documento": m.documento} for m in new),
    )
    return len(new)
