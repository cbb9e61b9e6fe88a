"""JSON bodies: bounded, UTF-8 (RFC 8259 §8.1), and read in one way only.

DRF reads the stream itself, past Django's own limit, in whatever charset the caller names, and keeps the last
of two equal keys: a campaign must not be sent to the second list of ids that somebody forgot in the body.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from core.api.answers import PayloadTooLargeAnswer

# No body of this API is deeper than 3. Python's own limit is near 1,000, and what passes it once may not pass again.
MAX_DEPTH = 20
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

DEMASIADO_GRANDE = "El cuerpo mide {bytes} bytes; el máximo es {maximo}."
NO_ES_JSON = "El cuerpo no es JSON válido: {motivo}."
NO_ES_UTF8 = "El cuerpo no está en UTF-8."
DEMASIADO_HONDO = f"El cuerpo tiene más de {MAX_DEPTH} niveles."
REPETIDA = "la clave «{clave}» está repetida"
NO_ES_NUMERO = "{valor} no es un número de JSON"


class BoundedJSONParser(BaseParser):
    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {}).get("request")
        length = int(request.META.get("CONTENT_LENGTH") or 0) if request else 0
        limit = self.limit
        # Django's stream ends where Content-Length says, and is empty without it; the bound does not hang on that.
        body = b"" if length > limit else stream.read(limit + 1)
        if (length := max(length, len(body))) > limit:
            raise PayloadTooLargeAnswer(DEMASIADO_GRANDE.format(bytes=length, maximo=limit))
        return parse_json(body)

    @property
    def limit(self) -> int:
        """Return the number of bytes that a body may have."""
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


class BigJSONParser(BoundedJSONParser):
    """The parser of calls that take 100,000 objects."""

    @property
    def limit(self) -> int:
        return int(settings.BIG_BODY_MAX_SIZE)


def parse_json(body: bytes) -> Any:
    """Read the value of a JSON text.

    Raises:
        ParseError: it is not JSON in UTF-8, repeats a key, is too deep, or holds what no Unicode text and no
            number can.
    """
    try:
        text = body.decode()
        value = json.loads(text, object_pairs_hook=_object, parse_float=_number, parse_constant=_number)
        if SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise ParseError(NO_ES_UTF8) from error
    except RecursionError as error:
        raise ParseError(DEMASIADO_HONDO) from error
    except ValueError as error:
        raise ParseError(NO_ES_JSON.format(motivo=error)) from error
    if _is_deep(value):
        raise ParseError(DEMASIADO_HONDO)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(REPETIDA.format(clave=_printable(key)))
            seen.add(key)
    return unique


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):  # NaN, Infinity, 1e999
        raise ValueError(NO_ES_NUMERO.format(valor=text[:40]))
    return number


def _is_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        children = (child for box in level for child in (box.values() if isinstance(box, dict) else box))
        level = [child for child in children if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _printable(text: str) -> str:
    return text[:40].encode(errors="replace").decode()
