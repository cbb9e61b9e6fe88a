"""Our own addresses, called as Twilio calls them: signed, at PUBLIC_URL, through whatever stands before the web."""

from typing import Final
from urllib.parse import urlsplit

from campaigns.values.twilio import Entrega
from core.addresses import is_public
from workers.gateway.callbacks import status_path
from workers.gateway.codes import explain
from workers.gateway.connections import NeverSentError
from workers.gateway.errors import ErrorAnswerError, MaybeSentError
from workers.gateway.http import LeanHttpClient
from workers.gateway.signature import HEADER, sign
from workers.revision.fallas import Falla

TIMEOUT_S: Final = 2.0
# No row has it: a call that is believed is answered 404, and writes nothing.
NOBODYS: Final = {"MessageSid": "SM" + "0" * 32, "MessageStatus": Entrega.DELIVERED.value}
NO_SID: Final = {"MessageSid": "", "Body": ""}
BELIEVED, REFUSED = 404, 403
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
CALLS: Final = (
    ("los avisos de estado", status_path(f"0-{'0' * 32}"), NOBODYS),
    ("las respuestas de los clientes", "/webhooks/twilio/entrante/", NO_SID),
)


def publica(public_url: str) -> list[Falla]:
    """Say that Twilio cannot reach us, where the address alone shows it."""
    if is_public(public_url):
        return []
    texto = f"PUBLIC_URL {public_url} no se alcanza desde internet: no llegan avisos de estado ni respuestas"
    return [Falla("url_privada", texto, "Ponga en PUBLIC_URL la dirección pública, con https://.")]


def ida_y_vuelta(public_url: str) -> list[Falla]:
    """Make both calls, and say how they fail; the same fault of both is said once."""
    client = LeanHttpClient(base_url=public_url, connect_timeout_s=TIMEOUT_S, read_timeout_s=TIMEOUT_S, pool_size=1)
    try:
        fallas = [falla for what, path, form in CALLS for falla in _call(client, public_url, what, path, form)]
    finally:
        client.close()
    return list({falla.codigo: falla for falla in reversed(fallas)}.values())


def _call(client: LeanHttpClient, public_url: str, what: str, path: str, form: dict[str, str]) -> list[Falla]:
    url = public_url + path
    try:
        status, location = _post(client, url, form, sign(url, form))
        forged = _post(client, url, form, "nobody signed this")[0] if status == BELIEVED else 0
    except (NeverSentError, MaybeSentError) as error:
        texto = f"{public_url} no contesta desde esta máquina ({explain(error.code)})"
        remedio = "Revise que la web esté arriba, el DNS, el certificado y el proxy; Twilio entra por ahí."
        return [Falla("url_inalcanzable", texto, remedio)]
    if (status, forged) == (BELIEVED, REFUSED):
        return []
    if status == REFUSED:
        texto = f"La firma de Twilio no se reconoce en {url}"
        remedio = (
            "PUBLIC_URL debe ser exacta (https, host, puerto), el proxy no debe cambiar la ruta, y la web y los workers"
            " deben tener el mismo TWILIO_AUTH_TOKEN."
        )
        return [Falla("firma_rechazada", texto, remedio)]
    if status in REDIRECTS:
        parts = urlsplit(location)
        texto = f"{url} redirige a {location}: Twilio pierde lo que envía"
        remedio = f"Ponga en PUBLIC_URL la dirección final ({parts.scheme}://{parts.netloc})."
        if location.startswith(public_url):
            remedio = "El proxy debe pasar X-Forwarded-Proto: https, y no debe cambiar la ruta."
        return [Falla("url_redirige", texto, remedio)]
    if status == 400:
        texto = f"La web contesta 400 en {public_url}"
        return [Falla("host_rechazado", texto, "Agregue el host a ALLOWED_HOSTS, y que el proxy pase Host.")]
    texto = f"{url} contesta HTTP {status}, y no como este producto: no recibe {what}"
    return [Falla("url_ajena", texto, "Revise PUBLIC_URL y el proxy: /webhooks/twilio/ debe llegar a la web.")]


def _post(client: LeanHttpClient, url: str, form: dict[str, str], signature: str) -> tuple[int, str]:
    """Return the status, and where a redirect leads."""
    headers = {HEADER: signature, "Content-Type": "application/x-www-form-urlencoded"}
    try:
        answer = client.request("POST", url, data=dict(form), headers=headers)
    except ErrorAnswerError as error:
        return error.answer.status_code, str(error.answer.headers.get("Location", ""))
    return int(answer.status_code), ""
