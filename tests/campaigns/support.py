"""A campaign in the middle of its life, with rows in every estado."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from campaigns.models import CampanaSMS, Lote, SMSLog
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log

FIELDS: dict[str, dict[str, Any]] = {
    "pendiente": {},
    "enviando": {"intentos": 1},
    "enviado": {"intentos": 1, "entrega": "delivered"},
    "fallido": {"intentos": 1, "codigo": "21211", "error": "Número de teléfono inválido"},
    "incierto": {"intentos": 1, "codigo": "read_timeout"},
}


def add_rows(lote: Lote, estado: str, count: int, **fields: Any) -> list[SMSLog]:
    rows = []
    for _ in range(count):
        cliente = ClienteFactory.create(usuario=lote.campana.usuario)
        values = {**FIELDS[estado], **fields}
        if estado == "enviando":
            values |= {"token": uuid.uuid4(), "lease_hasta": timezone.now() + timedelta(minutes=1)}
        if estado == "enviado":
            values.setdefault("twilio_sid", f"SM{uuid.uuid4().hex}")
        rows.append(sms_log(lote.campana, lote, cliente, estado=estado, **values))
    return rows


def lote_with(campana: CampanaSMS, numero: int, **rows: int) -> Lote:
    """An open Lote that holds so many rows of each estado."""
    lote = open_lote(campana, [], numero)
    for estado, count in rows.items():
        add_rows(lote, estado, count)
    Lote.objects.filter(pk=lote.pk).update(total=sum(rows.values()))
    lote.refresh_from_db()
    return lote


def running_campana(owner: Usuario, **fields: Any) -> CampanaSMS:
    """Four Lotes: closed (40 + 10), open with some of everything, waiting for reconciliation, not opened (70).

    pendientes 3 + 70, enviando 2, inciertos 1 + 2, exitosos 40 + 4 + 5, fallidos 10 + 1 + 0; 138 in all.
    """
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=138, **fields)
    now = timezone.now()
    Lote.objects.create(
        campana=campana, numero=3, cliente_ids=[], total=50, estado="cerrado", exitosos=40, fallidos=10, cerrado_en=now
    )
    lote_with(campana, 1, pendiente=3, enviando=2, incierto=1, enviado=4, fallido=1)
    por_conciliar = lote_with(campana, 2, incierto=2, enviado=5)
    Lote.objects.filter(pk=por_conciliar.pk).update(estado="por_conciliar")
    Lote.objects.create(campana=campana, numero=4, cliente_ids=[], total=70, estado="pendiente")
    return campana


def finished_campana(owner: Usuario, exitosos: int = 9, fallidos: int = 1, **fields: Any) -> CampanaSMS:
    return CampanaFactory.create(
        usuario=owner,
        estado="completado",
        total_clientes=exitosos + fallidos,
        enviados_exitosos=exitosos,
        enviados_fallidos=fallidos,
        completado_en=timezone.now(),
        **fields,
    )
