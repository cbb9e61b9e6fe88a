"""JSON bodies, bounded: DRF reads the stream itself, past Django's own limit."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import JSONParser

from core.api.answers import PayloadTooLargeAnswer


class BoundedJSONParser(JSONParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        request = (parser_context or {}).get("request")
        length = int(request.META.get("CONTENT_LENGTH") or 0) if request else 0
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if length > limit:
            raise PayloadTooLargeAnswer(f"El cuerpo mide {length} bytes; el máximo es {limit}.")
        return super().parse(stream, media_type, parser_context)
