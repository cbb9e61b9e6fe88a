"""All that a shop keeps about one person, for the person who asks: Ley 1581 de 2012, art. 8, letters a and e."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from campaigns.campana.privacidad import logs_repetidos_de
from campaigns.campana.selectors import logs_de
from campaigns.entrantes.selectors import entrantes_de
from campaigns.models import Contacto
from campaigns.remitentes import valores_de
from clientes.bajas.selectors import historia_de, ultima_palabra
from clientes.importacion.privacidad import filas_con_su_numero
from clientes.models import Cliente, NumeroRNE
from clientes.rne.selectors import revocado_en
from core.models import Usuario

CLIENTE: Final = (
    "id", "nombre", "telefono", "telefono_e164", "pais", "documento", "activo", "origen", "creado",
    "anonimizado_en",
)  # fmt: skip
MENSAJE: Final = (
    "nombre", "telefono", "mensaje", "estado", "codigo", "error", "entrega", "entrega_codigo", "twilio_sid", "intentos",
    "creado", "actualizado",
)  # fmt: skip
RESPUESTA: Final = ("telefono", "remitente", "texto", "medios", "tipo", "sid", "recibido", "leido_en")
CONSENTIMIENTO: Final = ("creado", "en", "hora", "fuente", "medio", "texto", "lugar", "archivo")
REGISTRO: Final = (
    "tipo", "fuente", "momento", "telefono", "texto", "sid", "remitente", "campana_nombre", "motivo", "evidencia",
)  # fmt: skip


def expediente_de(usuario: Usuario, cliente: Cliente) -> dict[str, Any]:
    """Gather what is kept about a client of the shop, as JSON holds it.

    What is kept by the phone (texts, opt-outs, the register) comes in for the phone that the client has now.

    Args:
        usuario: somebody of the client's shop.
    """
    repeated = logs_repetidos_de(cliente).values_list("pk", flat=True)
    logs = logs_de(usuario).filter(Q(cliente=cliente) | Q(pk__in=list(repeated)))
    logs = logs.select_related("campana").order_by("pk")
    return {
        "generado": timezone.localtime().isoformat(),
        "tienda": usuario.nombre_tienda,
        "cliente": {
            **_fields(cliente, CLIENTE),
            "etiquetas": [etiqueta.nombre for etiqueta in cliente.etiquetas.all()],
        },
        "consentimiento": {
            "fuente": cliente.consentimiento_fuente,
            "fecha": _plain(cliente.consentimiento_en),
            "hora": _plain(cliente.consentimiento_hora),
            "medio": cliente.consentimiento_medio,
            "texto": cliente.consentimiento_texto,
            "lugar": cliente.consentimiento_lugar,
            "revocado_en": _plain(revocado_en(cliente)),
            "historia": _rows(cliente.consentimientos.order_by("pk"), CONSENTIMIENTO),
        },
        "registro_de_numeros_excluidos": _registro(cliente),
        "bajas": _bajas(usuario, cliente),
        "ventas": _rows(cliente.ventas.order_by("pk"), ("fecha", "total", "referencia")),
        "mensajes": [{"campana": log.campana.nombre, **_fields(log, MENSAJE)} for log in logs],
        "respuestas": _rows(_by_phone(entrantes_de(usuario).order_by("pk"), cliente), RESPUESTA),
        "contactos_por_dia": _rows(
            _by_phone(Contacto.objects.filter(usuario=cliente.usuario_id).order_by("pk"), cliente), ("dia", "n")
        ),
        "filas_de_archivos": [
            {"archivo": fila.importacion.archivo, "subido": _plain(fila.importacion.creado), "celdas": fila.celdas}
            for fila in filas_con_su_numero(cliente)
        ],
    }


def _registro(cliente: Cliente) -> dict[str, Any] | None:
    numbers = NumeroRNE.objects.filter(usuario=cliente.usuario_id).select_related("consulta")
    found = _by_phone(numbers, cliente).first()
    if found is None:
        return None
    consulta = _fields(found.consulta, ("consultado_en", "archivo", "sha256", "creado"))
    return {"desde": _plain(found.desde), "ultima_consulta": consulta}


def _bajas(usuario: Usuario, cliente: Cliente) -> list[dict[str, Any]]:
    phone = cliente.telefono_e164
    last = phone and ultima_palabra(phone, tienda_id=usuario.tenant_id, remitentes=valores_de(usuario))
    if not last:
        return []
    said = _rows(historia_de(last, usuario), REGISTRO)
    return [{**_fields(last, ("vigente", "fuente", "desde", "remitente")), "historia": said}]


def _by_phone(rows: QuerySet[Any], cliente: Cliente) -> QuerySet[Any]:
    return rows.filter(telefono=cliente.telefono_e164) if cliente.telefono_e164 else rows.none()


def _rows(rows: Iterable[Any], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [_fields(row, names) for row in rows]


def _fields(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it: dates and moments in ISO 8601, money as a text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
