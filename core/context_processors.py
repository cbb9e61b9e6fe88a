"""What every page knows."""

from django.conf import settings
from django.http import HttpRequest


def producto(request: HttpRequest) -> dict[str, object]:
    return {"sms_simulado": settings.TWILIO_SIMULATED}
