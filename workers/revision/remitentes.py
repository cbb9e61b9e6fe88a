"""The senders: whether each is the account's, may send SMS, and brings replies to us."""

from typing import Final
from urllib.parse import urldefrag

from core.senders import NO_LIMIT, SEGMENTS_PER_S, Kind, kind_of
from core.text import formato
from workers.gateway.account import AccountReader, Row
from workers.revision.fallas import Falla

PROPIOS: Final = ("PhoneNumbers", "ShortCodes", "AlphaSenders")
ENTRANTE: Final = "/webhooks/twilio/entrante"


def remitente(reader: AccountReader, valor: str, public_url: str, ritmo: float) -> list[Falla]:
    """Look at one sender.

    Args:
        valor: as in `core.senders`. A name has no resource of its own to be asked for.
        public_url: ours, as Twilio calls it; empty when it cannot.
        ritmo: segments per second that the product sends from it; NO_LIMIT when nobody has said.
    """
    match kind_of(valor):
        case Kind.SERVICE:
            return _service(reader, valor, public_url, ritmo)
        case Kind.SHORT_CODE:
            return _owned(valor, reader.short_code(valor), public_url)
        case Kind.NUMBER | Kind.TOLL_FREE:
            return _owned(valor, reader.number(valor), public_url)
    return []


def _owned(valor: str, found: Row | None, public_url: str) -> list[Falla]:
    if found is None:
        texto = f"El remitente {valor} no es de esta cuenta de Twilio"
        return [Falla("remitente_ajeno", texto, "Corríjalo, o compre o traslade el número a la cuenta.")]
    fallas = []
    if not (found.get("capabilities") or {"sms": True}).get("sms"):
        texto = f"El remitente {valor} no puede enviar SMS"
        fallas.append(Falla("remitente_sin_sms", texto, "Use otro número, con la capacidad SMS."))
    return fallas + _inbound(f"El número {valor}", found.get("sms_url"), found.get("sms_method"), public_url)


def _service(reader: AccountReader, sid: str, public_url: str, ritmo: float) -> list[Falla]:
    found = reader.service(sid)
    if found is None:
        texto = f"El Messaging Service {sid} no existe en esta cuenta"
        return [Falla("servicio_inexistente", texto, "Copie el SID (MG…) de la consola: Messaging, Services.")]
    fallas = []
    senders = {kind: reader.senders(sid, kind) for kind in PROPIOS}
    if not any(senders.values()):
        texto = f"El Messaging Service {sid} no tiene remitentes"
        fallas.append(Falla("servicio_vacio", texto, "Agréguele un número en Sender Pool."))
    elif ritmo == NO_LIMIT:
        fallas.append(_without_a_rate(sid, senders))
    if found.get("smart_encoding"):
        texto = f"El Messaging Service {sid} cambia letras de los textos (Smart encoding)"
        remedio = "Desactívelo en Content Settings: lo que quede en duda puede terminar como desconocido."
        fallas.append(Falla("smart_encoding", texto, remedio, grave=False))
    if any(_is_rcs(row) for row in reader.senders(sid, "ChannelSenders")):
        texto = f"El Messaging Service {sid} tiene un remitente RCS: la lista de Twilio puede no mostrar el número"
        fallas.append(Falla("rcs", texto, "Quítelo del Sender Pool, o acepte más desconocidos.", grave=False))
    if not found.get("use_inbound_webhook_on_number"):
        quien = f"El Messaging Service {sid}"
        return fallas + _inbound(quien, found.get("inbound_request_url"), found.get("inbound_method"), public_url)
    for row in senders["PhoneNumbers"][:5]:
        phone = str(row.get("phone_number", ""))
        number = reader.number(phone) if phone else None
        if number is not None:
            fallas += _inbound(f"El número {phone}", number.get("sms_url"), number.get("sms_method"), public_url)
    return fallas


def _without_a_rate(sid: str, senders: dict[str, list[Row]]) -> Falla:
    """Say that Twilio is handed a whole campaign at once, of which it drops what does not leave before the window's
    close (https://www.twilio.com/docs/api/errors/30036)."""
    numbers = [kind_of(str(row.get("phone_number", ""))) or Kind.NUMBER for row in senders["PhoneNumbers"]]
    kinds = [*numbers, *[Kind.SHORT_CODE] * len(senders["ShortCodes"]), *[Kind.NAME] * len(senders["AlphaSenders"])]
    texto = f"El Messaging Service {sid} no tiene ritmo: Twilio descarta lo que no alcance a salir antes del cierre"
    suma = formato.numero(sum(SEGMENTS_PER_S[kind] for kind in kinds))
    remedio = (
        "Póngale el de sus remitentes juntos (SENDER_SEGMENTS_PER_S, o Remitentes en la administración): por lo que"
        f" tiene, {suma} segmentos por segundo, si Twilio no le dio otro."
    )
    return Falla("servicio_sin_ritmo", texto, remedio, grave=False)


def _is_rcs(row: Row) -> bool:
    return str(row.get("sender", "")).startswith("rcs:") or str(row.get("sender_type", "")).lower() == "rcs"


def _inbound(quien: str, url: object, method: object, public_url: str) -> list[Falla]:
    """Say where its replies go, if not to us."""
    if not public_url:
        return []
    given, ours = str(url or ""), f"{public_url}{ENTRANTE}"
    remedio = f"Ponga {ours}/#rc=5&rp=all, con POST, en «A message comes in»."
    if not given:
        return [Falla("entrante_vacia", f"{quien} no entrega las respuestas a nadie: ninguna BAJA llega", remedio)]
    if urldefrag(given).url.rstrip("/") != ours:
        return [Falla("entrante_ajena", f"{quien} entrega las respuestas a {given}", remedio)]
    if str(method or "POST").upper() != "POST":
        return [Falla("entrante_get", f"{quien} entrega las respuestas con {method}", remedio)]
    return []
