import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from workers.gateway import signature
from workers.webhooks import receipts

SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")  # https://www.twilio.com/docs/glossary/what-is-a-sid
CODE = re.compile(r"[0-9]{1,10}")


def _is_twilio(request: HttpRequest) -> bool:
    # The address Twilio was given, not the one a proxy passed on: the signature covers it.
    url = settings.PUBLIC_URL + request.get_full_path()
    return signature.is_valid(url, request.POST, request.headers.get(signature.HEADER))


@csrf_exempt
@require_POST
def estado(request: HttpRequest, token: str) -> HttpResponse:
    """A message's delivery status. 403 without Twilio's signature; 204 when it is written."""
    if not _is_twilio(request):
        return HttpResponseForbidden("bad signature", content_type="text/plain")
    row = receipts.parse_callback_token(token)
    sid = request.POST.get("MessageSid", "")
    if row is None or not SID.fullmatch(sid):
        return HttpResponseNotFound("unknown message", content_type="text/plain")
    log_id, claim_token = row
    error_code = request.POST.get("ErrorCode", "")
    known = receipts.apply_receipt(
        log_id=log_id,
        token=claim_token,
        sid=sid,
        status=request.POST.get("MessageStatus", ""),
        error_code=error_code if CODE.fullmatch(error_code) else "",
    )
    if not known:
        return HttpResponseNotFound("unknown message", content_type="text/plain")
    return HttpResponse(status=204)
