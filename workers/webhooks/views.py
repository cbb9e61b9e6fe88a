from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from campaigns.entrantes import services
from campaigns.entrantes.services import Texto
from campaigns.values.intencion import TEXTO_MAX
from clientes.models.baja import REMITENTE_MAX
from workers.gateway import signature
from workers.webhooks import reports

# Bytes. A text has at most 1,600 letters, and addresses of media are some hundred each.
BODY_MAX: Final = 64 * 1024
REASONS: Final = {reports.BAD_SIGNATURE: "bad signature", reports.UNKNOWN: "unknown message"}
# Nothing is answered to the client: the shop answers, or Twilio's own opt-out text does.
# https://www.twilio.com/docs/messaging/twiml#twilios-request-to-your-application
NO_REPLY: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


def bounded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse a body that no call of Twilio's has, before it is read: anybody may send one."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > BODY_MAX:
            return HttpResponse("too large", status=413, content_type="text/plain")
        return view(request, *args, **kwargs)

    return wrapper


@csrf_exempt
@require_POST
@bounded
def estado(request: HttpRequest, token: str) -> HttpResponse:
    """Take in a message's delivery status: 403 without Twilio's signature, 204 when it is written."""
    status = reports.receive(
        path=request.get_full_path(),
        token=token,
        form=request.POST,
        given=request.headers.get(signature.HEADER),
        key_settings=request.headers.get(signature.SETTINGS_HEADER),
    )
    if reason := REASONS.get(status):
        return HttpResponse(reason, status=status, content_type="text/plain")
    return HttpResponse(status=status)


@csrf_exempt
@require_POST
@bounded
def entrante(request: HttpRequest) -> HttpResponse:
    """Take in a text that a client wrote: 403 without Twilio's signature, else an empty answer once it is kept."""
    given, key_settings = request.headers.get(signature.HEADER), request.headers.get(signature.SETTINGS_HEADER)
    if not reports.is_twilio(request.get_full_path(), request.POST, given, key_settings):
        return HttpResponseForbidden(REASONS[reports.BAD_SIGNATURE], content_type="text/plain")
    sid = request.POST.get("MessageSid", "")
    if not reports.SID.fullmatch(sid):
        return HttpResponseNotFound(REASONS[reports.UNKNOWN], content_type="text/plain")
    medios = request.POST.get("NumMedia", "")
    services.recibir(
        Texto(
            sid=sid,
            telefono=_field(request, "From", REMITENTE_MAX),
            para=_field(request, "To", REMITENTE_MAX),
            servicio=_field(request, "MessagingServiceSid", REMITENTE_MAX),
            texto=_field(request, "Body", TEXTO_MAX),
            medios=int(medios) if medios.isascii() and medios.isdecimal() and len(medios) < 4 else 0,
            opt_out_type=request.POST.get("OptOutType", ""),
        )
    )
    return HttpResponse(NO_REPLY, content_type="text/xml")


def _field(request: HttpRequest, name: str, length: int) -> str:
    # PostgreSQL holds no NUL.
    return request.POST.get(name, "").replace("\0", "")[:length]
