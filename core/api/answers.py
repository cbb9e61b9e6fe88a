"""HTTP answers that DRF has no exception for."""

from typing import Final

from rest_framework import status
from rest_framework.exceptions import APIException

from core.postgresql.away import RETRY_S

NO_RESPONDE: Final = "La base de datos no responde en este momento. Intente de nuevo en unos segundos."


class ConflictAnswer(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class PayloadTooLargeAnswer(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class DatabaseUnavailableAnswer(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "database_unavailable"
    default_detail = NO_RESPONDE
    wait = RETRY_S  # the framework's name for what becomes Retry-After
