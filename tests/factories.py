"""Rows for tests. Each factory makes the least that is valid."""

from datetime import date, time, timedelta
from typing import Any

import factory
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from factory.django import DjangoModelFactory

from campaigns.audiencia.seleccion import Audiencia
from campaigns.models import Ajustes, CampanaSMS, Lote, PlantillaSMS, Programacion, Remitente, SMSLog
from campaigns.programaciones.services import Definicion, crear_programacion
from campaigns.values.recurrencia import Recurrencia
from clientes.models import Cliente, Etiqueta, Segmento, Venta
from core import llaves
from core.models import LlaveApi, Usuario

# For an update of many rows: a message of Twilio's is one row's.
EACH_ITS_SID = Concat(Value("SM"), Cast("pk", CharField()))


class UsuarioFactory(DjangoModelFactory[Usuario]):
    class Meta:
        model = Usuario
        skip_postgeneration_save = True

    password = factory.django.Password("clave-de-prueba")


class AjustesFactory(DjangoModelFactory[Ajustes]):
    class Meta:
        model = Ajustes

    ventanas_activas = False
    frecuencia_activa = False


class AdminFactory(UsuarioFactory):
    """An admin whose shop sends at any hour, whatever the clock says while the tests run, and to a phone as often as
    they like. `ajustes=None` gives them what a new shop begins with, which keeps to the law."""

    username = factory.Sequence(lambda n: f"admin{n}")
    ajustes = factory.RelatedFactory(AjustesFactory, factory_related_name="usuario")


class VendedorFactory(UsuarioFactory):
    username = factory.Sequence(lambda n: f"vendedor{n}")
    rol = Usuario.Rol.VENDEDOR
    creado_por = factory.SubFactory(AdminFactory)


def llave_de(usuario: Usuario, *alcances: str, **campos: Any) -> str:
    """Make a key of the person's, for all that they may do unless scopes are named; return its text."""
    llave = llaves.nueva()
    made = {"nombre": "Prueba", "prefijo": llave[: llaves.PREFIJO], "alcances": alcances or ["todo"]}
    LlaveApi.objects.create(usuario=usuario, huella=llaves.huella(llave), **{**made, **campos})
    return llave


class ClienteFactory(DjangoModelFactory[Cliente]):
    class Meta:
        model = Cliente

    nombre = factory.Sequence(lambda n: f"Cliente {n}")
    telefono = factory.Sequence(lambda n: f"300{n:07d}")
    usuario = factory.SubFactory(AdminFactory)


class EtiquetaFactory(DjangoModelFactory[Etiqueta]):
    class Meta:
        model = Etiqueta

    nombre = factory.Sequence(lambda n: f"Etiqueta {n}")
    usuario = factory.SubFactory(AdminFactory)


class SegmentoFactory(DjangoModelFactory[Segmento]):
    class Meta:
        model = Segmento

    nombre = factory.Sequence(lambda n: f"Segmento {n}")
    usuario = factory.SubFactory(AdminFactory)


class VentaFactory(DjangoModelFactory[Venta]):
    class Meta:
        model = Venta

    cliente = factory.SubFactory(ClienteFactory)
    usuario = factory.SelfAttribute("cliente.usuario")
    total = "50000.00"


class PlantillaFactory(DjangoModelFactory[PlantillaSMS]):
    class Meta:
        model = PlantillaSMS

    nombre = factory.Sequence(lambda n: f"Plantilla {n}")
    mensaje = "Hola {nombre}!"
    usuario = factory.SubFactory(AdminFactory)


class RemitenteFactory(DjangoModelFactory[Remitente]):
    class Meta:
        model = Remitente

    nombre = factory.Sequence(lambda n: f"Remitente {n}")
    valor = factory.Sequence(lambda n: f"+57601{n:07d}")  # of one shop at a time
    usuario = factory.SubFactory(AdminFactory)


class CampanaFactory(DjangoModelFactory[CampanaSMS]):
    """A campaign in the middle of a jornada."""

    class Meta:
        model = CampanaSMS

    nombre = factory.Sequence(lambda n: f"Campaña {n}")
    mensaje = "Hola {nombre}!"
    total_clientes = 1
    cierra_en = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))
    usuario = factory.SubFactory(AdminFactory)


def sms_log(campana: CampanaSMS, lote: Lote, cliente: Cliente, **fields: Any) -> SMSLog:
    """One ledger row of an open Lote, `pendiente` unless said otherwise."""
    values = {"nombre": cliente.nombre, "telefono": cliente.telefono_e164, "mensaje": f"Hola {cliente.nombre}!"}
    return SMSLog.objects.create(campana=campana, lote=lote, cliente=cliente, **{**values, **fields})


def open_lote(campana: CampanaSMS, clientes: list[Cliente], numero: int = 1) -> Lote:
    return Lote.objects.create(
        campana=campana,
        numero=numero,
        cliente_ids=[c.pk for c in clientes],
        total=len(clientes),
        estado=Lote.Estado.ABIERTO,
    )


def una_programacion(usuario: Usuario, **changes: Any) -> Programacion:
    """One that writes to every client of the shop each day at 9:00 of Bogotá, unless said otherwise."""
    when: dict[str, Any] = {
        "frecuencia": "diaria",
        "hora": time(9),
        "zona": "America/Bogota",
        "desde": date(2026, 1, 1),
    }
    if changes.get("frecuencia") == "cron":
        when["hora"] = None
    when |= {name: changes.pop(name) for name in list(changes) if name in Recurrencia.__dataclass_fields__}
    fields: dict[str, Any] = {
        "nombre": "Aniversario",
        "audiencia": Audiencia.todos(),
        "recurrencia": Recurrencia(**when),
    }
    text = {} if "plantilla" in changes else {"mensaje": "Hola {nombre}!"}
    return crear_programacion(usuario=usuario, definicion=Definicion(**{**fields, **text, **changes}))
