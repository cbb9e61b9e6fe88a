"""The whole check, its parts side by side, within seconds."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from functools import partial
from threading import Thread
from typing import Final

from django.conf import settings
from django.db import connection

from campaigns.models import Remitente
from core.addresses import is_public
from core.senders import NO_LIMIT
from workers.gateway.account import AccountReader, ReadError
from workers.gateway.factory import config_from_settings
from workers.revision import cuenta, direcciones, muestra, remitentes
from workers.revision.fallas import Falla

logger = logging.getLogger(__name__)

# What has not answered by then is said so, in seconds; the parts of a part a little sooner.
PLAZO_S: Final = 4.5
MARGEN_S: Final = 0.2
# Shops may have any number of senders of their own: so many are looked at, the newest first.
MAS_REMITENTES: Final = 40
SIN_CUENTA: Final = Falla(
    "sin_cuenta",
    "No hay cuenta de Twilio configurada: no se envía nada",
    "Ponga TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN y TWILIO_FROM o TWILIO_MESSAGING_SERVICE_SID.",
)

Parte = tuple[str, Callable[[], list[Falla]]]


def revisar(*, de_ida_y_vuelta: bool = True, valores: Sequence[str] | None = None) -> list[Falla]:
    """Look at everything, and return what is wrong, the grave faults first. It changes nothing, and sends nothing.

    Args:
        de_ida_y_vuelta: call our own addresses too; a worker that starts may be there before the web.
        valores: the senders to look at; None is the installation's and those of all shops.
    """
    if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and settings.TWILIO_SENDER):
        return [SIN_CUENTA]
    reader, hasta = AccountReader(config_from_settings()), time.monotonic() + PLAZO_S
    try:
        fallas = _unidas(
            _en_paralelo(_partes(reader, hasta, valores or _todos(), de_ida_y_vuelta=de_ida_y_vuelta), hasta)
        )
    finally:
        reader.close()
    return sorted(fallas, key=lambda falla: not falla.grave)


def revisar_y_anotar(*, de_ida_y_vuelta: bool = True) -> list[str]:
    """Check, write each fault in the log, and return them as lines."""
    fallas = revisar(de_ida_y_vuelta=de_ida_y_vuelta)
    for falla in fallas:
        logger.log(logging.ERROR if falla.grave else logging.WARNING, "Twilio: %s [%s]", falla, falla.codigo)
    return [f"{falla} [{falla.codigo}]" for falla in fallas]


def revisar_al_lado() -> Thread | None:
    """Check behind a worker that starts: it neither waits for it nor fails with it. A simulator needs none."""
    if settings.TWILIO_SIMULATED or not settings.TWILIO_ACCOUNT_SID:
        return None
    thread = Thread(target=_al_lado, name="revision", daemon=True)
    thread.start()
    return thread


def _al_lado() -> None:
    try:
        revisar_y_anotar(de_ida_y_vuelta=False)
    except Exception:
        logger.exception("the check of Twilio's set-up failed")
    finally:
        connection.close()


def _todos() -> list[str]:
    """The installation's sender, and the newest of the shops' own."""
    propios = Remitente.objects.filter(activo=True, usuario__is_active=True).order_by("-id")
    return [settings.TWILIO_SENDER, *propios.values_list("valor", flat=True)[:MAS_REMITENTES]]


def _partes(reader: AccountReader, hasta: float, valores: Sequence[str], *, de_ida_y_vuelta: bool) -> list[Parte]:
    """The parts, each with what it asks about. What is in PostgreSQL is read here, by the caller's own connection."""
    public_url = settings.PUBLIC_URL
    # A private address is one fault, and no sender's; a simulator reaches it.
    entrante = public_url if settings.TWILIO_SIMULATED or is_public(public_url) else ""
    propios = Remitente.objects.filter(valor__in=valores).values_list("valor", "segmentos_por_segundo")
    ritmos = {
        settings.TWILIO_SENDER: settings.SENDER_SEGMENTS_PER_S,
        **{valor: float(n or NO_LIMIT) for valor, n in propios},
    }
    partes: list[Parte] = []
    if de_ida_y_vuelta:
        partes.append(("las direcciones", partial(direcciones.ida_y_vuelta, public_url)))
    if not settings.TWILIO_SIMULATED:
        partes.append(("PUBLIC_URL", partial(direcciones.publica, public_url)))
    de_twilio: list[Parte] = [
        ("el saldo", partial(cuenta.saldo, reader)),
        ("los países", partial(cuenta.pais, reader, settings.PHONE_DEFAULT_REGION)),
        *(
            (
                f"el remitente {valor}",
                partial(remitentes.remitente, reader, valor, entrante, ritmos.get(valor, NO_LIMIT)),
            )
            for valor in dict.fromkeys(valores)
        ),
    ]
    if (enviada := muestra.ultima()) is not None:
        de_twilio.append(("los mensajes", partial(muestra.leida, reader, enviada)))
    # Where Twilio lets nobody in, everything else would say the same once more.
    return [*partes, ("la cuenta", partial(_cuenta, reader, de_twilio, hasta - MARGEN_S))]


def _cuenta(reader: AccountReader, despues: list[Parte], hasta: float) -> list[Falla]:
    fallas, dentro = cuenta.acceso(reader, datetime.now(UTC))
    return fallas + (_unidas(_en_paralelo(despues, hasta)) if dentro else [])


def _en_paralelo(partes: list[Parte], hasta: float) -> Iterable[list[Falla]]:
    """Do the parts side by side, each with the calls' own limits of time, and all of them until `hasta`.

    Args:
        hasta: by `time.monotonic()`.
    """
    pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="revision")
    futures: dict[Future[list[Falla]], str] = {pool.submit(hacer): que for que, hacer in partes}
    late = wait(futures, timeout=max(0.0, hasta - time.monotonic())).not_done
    pool.shutdown(wait=False, cancel_futures=True)
    for future, que in futures.items():
        if future in late:
            yield [cuenta.sin_respuesta(ReadError("read_timeout"), que)]
            continue
        try:
            yield future.result()
        except ReadError as error:
            yield [cuenta.sin_respuesta(error, que)]
        except Exception:
            # One answer that is not as described must not hide what the others say.
            logger.exception("the check of %s failed", que)
            yield [cuenta.sin_respuesta(ReadError("unreadable_answer"), que)]


def _unidas(partes: Iterable[list[Falla]]) -> list[Falla]:
    return [falla for fallas in partes for falla in fallas]
