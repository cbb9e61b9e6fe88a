"""Variables that the template of every page knows."""

import json

from django.conf import settings
from django.http import HttpRequest

# htmx writes no style and runs no text of the page, which a strict CSP would refuse. An attribute is inherited only
# where `hx-inherit` says so. The geometry of an SVG bar is settled, so that a refreshed bar glides from its old length.
HTMX = {
    "includeIndicatorStyles": False,
    "allowEval": False,
    "allowScriptTags": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "disableInheritance": True,
    "attributesToSettle": ["class", "x", "width"],
}


def producto(request: HttpRequest) -> dict[str, object]:
    return {
        "sms_simulado": settings.TWILIO_SIMULATED,
        "htmx_config": json.dumps(HTMX),
    }
