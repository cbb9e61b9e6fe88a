"""HTTP answers that DRF has no exception for."""

from rest_framework import status
from rest_framework.exceptions import APIException


class ConflictAnswer(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class PayloadTooLargeAnswer(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
