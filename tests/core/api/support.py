"""Helpers of the API's tests: the one error shape, and a count of every row there is."""

from typing import Any

from django.apps import apps
from django.db import connection

from core.models import Registro

KINDS = {400: {"validation_error", "client_error"}}


def errors_of(response: Any, status: int) -> list[dict[str, Any]]:
    """The errors of an answer, after checking that it has this status and the one error shape."""
    assert response.status_code == status, (response.status_code, response.content[:500])
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert body.keys() == {"type", "errors"}
    assert body["type"] in KINDS.get(status, {"client_error"})
    assert body["errors"]
    for error in body["errors"]:
        assert error.keys() == {"code", "detail", "attr"}
        assert isinstance(error["code"], str)
        assert error["code"]
        assert isinstance(error["detail"], str)
        assert error["detail"]
        assert error["attr"] is None or isinstance(error["attr"], str)
    return list(body["errors"])


def error_of(response: Any, status: int) -> dict[str, Any]:
    """The one error of an answer."""
    (error,) = errors_of(response, status)
    return error


def row_counts() -> dict[str, int]:
    """Rows of every table of the product, sessions and tokens included; but not that somebody asked."""
    one = "SELECT '{0._meta.label}', count(*) FROM {0._meta.db_table}"
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(map(one.format, (m for m in apps.get_models() if m != Registro))))
        return dict(cursor.fetchall())
