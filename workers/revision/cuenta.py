"""The account: whether it lets us in, may send, has money, and may send to the shop's country."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from workers.gateway.account import AccountReader, ReadError
from workers.gateway.codes import explain
from workers.revision.fallas import Falla

UNAUTHORIZED: Final = (401, 403)
# In the account's own currency: some hundred messages in Latin America.
SALDO_BAJO: Final = Decimal(5)
# Dates of Twilio's and of ours are compared when a message is looked up.
DESFASE_S: Final = 60.0

CREDENCIALES: Final = Falla(
    "credenciales",
    "Twilio no acepta TWILIO_ACCOUNT_SID y TWILIO_AUTH_TOKEN",
    "Copie los dos de la consola de Twilio (Account Info); si cambió el Auth Token, ponga el nuevo.",
)
PRUEBA: Final = Falla(
    "cuenta_de_prueba",
    "La cuenta de Twilio es de prueba: antepone un aviso a cada texto y solo envía a números verificados",
    "Pásela a una de pago (Upgrade); hasta entonces lo que quede en duda puede terminar como desconocido.",
    grave=False,
)


def acceso(reader: AccountReader, ahora: datetime) -> tuple[list[Falla], bool]:
    """Ask who we are: the faults, and whether anything else is worth asking.

    Args:
        ahora: by this machine's clock.
    """
    try:
        account = reader.account()
    except ReadError as error:
        if error.status in UNAUTHORIZED:
            return [CREDENCIALES], False
        return [sin_respuesta(error)], False
    if account is None:
        return [CREDENCIALES], False
    fallas = []
    status = account.get("status")
    if status != "active":
        texto = f"La cuenta de Twilio está {'suspendida' if status == 'suspended' else 'cerrada'}"
        fallas.append(Falla("cuenta_inactiva", texto, "Revise en la consola de Twilio el saldo y los avisos."))
    if account.get("type") == "Trial":
        fallas.append(PRUEBA)
    if reader.date and abs((reader.date - ahora).total_seconds()) > DESFASE_S:
        fallas.append(
            Falla(
                "reloj",
                f"El reloj de esta máquina difiere del de Twilio en {(ahora - reader.date).total_seconds():+.0f} s",
                "Sincronícelo (NTP): las dudas se resuelven por la hora.",
                grave=False,
            )
        )
    return fallas, True


def saldo(reader: AccountReader) -> list[Falla]:
    """Look at the balance."""
    found = reader.balance() or {}
    try:
        amount = Decimal(str(found.get("balance")))
    except InvalidOperation:
        return []  # a subaccount pays from its parent's
    shown = f"{amount:.2f} {found.get('currency', '')}".strip()
    if amount <= 0:
        return [Falla("sin_saldo", f"La cuenta de Twilio no tiene saldo ({shown})", "Recárguela, o active la recarga.")]
    if amount < SALDO_BAJO:
        texto = f"A la cuenta de Twilio le queda poco saldo ({shown})"
        return [Falla("saldo_bajo", texto, "Recárguela antes de la próxima campaña, o active la recarga.", grave=False)]
    return []


def pais(reader: AccountReader, region: str) -> list[Falla]:
    """Ask whether messages to the country may be sent.

    Args:
        region: its two letters.
    """
    if reader.country(region) is False:
        texto = f"La cuenta no tiene permiso para enviar mensajes a {region}"
        return [Falla("pais_cerrado", texto, "Actívelo en la consola: Messaging, Settings, Geo permissions.")]
    return []


def sin_respuesta(error: ReadError, qué: str = "") -> Falla:
    """Say that Twilio did not answer.

    Args:
        error: of the call.
        qué: what it was asked for, when the rest was answered; then it is no more than a notice.
    """
    why = explain(error.code, error.text)
    if qué:
        return Falla("sin_dato", f"Twilio no dijo nada de {qué} ({why})", "Vuelva a revisar más tarde.", grave=False)
    return Falla(
        "sin_conexion",
        f"No se pudo hablar con Twilio ({why})",
        "Revise la salida a internet de esta máquina: DNS, proxy, cortafuegos y certificados.",
    )
