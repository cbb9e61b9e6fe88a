"""The API does what its description says: schemathesis makes requests from it, right and wrong ones.

A short run here; `scripts/contract` makes a hundred requests an operation.
"""

import logging
import os
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker
from schemathesis.checks import CHECKS, CheckContext, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.schemas import APIOperation

from campaigns.campana.selectors import recuentos
from tests import shared
from tests.core.api.test_matrix import World, make_world
from tests.factories import AdminFactory, llave_de

EXAMPLES: Final = int(os.environ.get("CONTRACT_EXAMPLES", "0"))
SHORT: Final = 1  # so many an operation, besides those that cover each keyword of the description
# What the short run leaves to the long one, because another operation reads the same with the same parts.
REPEATED: Final = re.compile(
    r"PUT |PATCH .*/(clientes|ajustes|programaciones|segmentos|ventas|plantillas|etiquetas)/(?!.*alertas)"
    r"|POST .*/(vista-previa|programaciones)/|GET (?!.*(entrantes|logs)/).*[^}]/$"
)

# What no schema can say of a body: the first or the last part of the field's path, and the code of the refusal.
MEANINGS: Final = {
    ("*", "does_not_exist"),  # an id of nobody's, or of another shop's
    ("*", "unique"),
    ("*", "unreadable"),  # nothing that a phone or a document could be
    ("documento", "filler"),
    # A client's texts are counted as they are kept, when what programs put around them is gone.
    *((name, "max_length") for name in ("nombre", "telefono", "documento")),
    ("non_field_errors", "authorization"),  # a wrong password
    ("valor", "immutable"),
    ("telefono", "invalid"),
    ("audiencia", "empty"),  # nobody is left
    ("consultado_en", "invalid"),  # to come
    ("abre", "invalid"),  # not before `cierra`
    ("cierra", "invalid"),
    ("numeros", "empty"),  # none of them is a number
    ("zona_horaria", "invalid"),
    ("zona", "invalid"),
    ("cron", "invalid"),
    ("hasta", "invalid"),  # before `desde`, or nothing is left
    ("desde", "invalid"),
    ("mensaje", "unknown_placeholder"),
    ("mensaje", "unbalanced_brace"),
    ("mensaje", "glued_link"),
    ("mensaje", "missing_default"),
    # The names of variables, and what the text asks of each.
    *(("destinatarios", code) for code in ("invalid", "required", "max_length", "null_characters_not_allowed")),
    ("mensaje", "required"),  # nor a template
    ("url", "invalid"),  # of no public address
    ("festivos_pais", "invalid"),
    ("motivo", "required"),  # a protection is loosened
    ("ventanas", "invalid"),
    ("precios", "invalid"),
    *(("clientes", code) for code in ("invalid", "required", "unknown_field", "max_length", "repeated", "ambiguous")),
    # Of two fields, and of the row that there is.
    ("consentimiento_fuente", "required"),
    ("consentimiento_en", "required"),
    ("consentimiento_en", "invalid"),
    ("consentimiento_hora", "invalid"),
    ("consentimiento_medio", "invalid"),
    ("consentimiento_texto", "invalid"),
    ("consentimiento_lugar", "invalid"),
    ("alias", "invalid"),  # without letters and digits
    ("alias", "required"),
    ("mensaje", "sin_remitente"),
    ("plantilla", "sin_remitente"),
    ("gasto_en_dias", "invalid"),
    ("creado_hasta", "invalid"),
    ("precio_segmento", "required"),
    ("precio_segmento", "invalid"),  # of a million and more
    ("tope_diario", "invalid"),
    ("tope_mensual", "invalid"),
    ("aprobacion_ajena", "nobody_else"),  # of this shop: one person cannot approve for another
    ("aprobacion_costo", "invalid"),
    ("programada_para", "past"),
    ("programada_para", "too_far"),
    ("vence_en", "past"),
    ("redes", "invalid"),
    ("palabra", "invalid"),  # a greeting alone
    ("palabra", "max_length"),  # as it is compared
    ("palabra", "reserved"),  # it asks to leave
    ("redes", "blank"),  # of control characters alone, which the format of a network does not rule out here
    ("alcances", "invalid"),  # a test key's: not everything
}


# What a change has to fit to, and no schema of the change alone can say: the frequency of a recurring campaign.
OF_A_CHANGE: Final = {
    (name, code) for name in ("hora", "dias", "dia_mes", "cron", "plantilla") for code in ("invalid", "required")
}


def is_of_meaning(error: dict[str, Any], method: str) -> bool:
    path = (error["attr"] or "").split(".")
    known = MEANINGS | OF_A_CHANGE if method == "PATCH" else MEANINGS
    return not known.isdisjoint({(name, error["code"]) for name in (path[0], path[-1], "*")})


def positive_data_acceptance(ctx: CheckContext, response: Any, case: Any) -> bool | None:
    """Let a refusal pass that is about what the body means."""
    if response.status_code == 400 and all(is_of_meaning(error, case.method) for error in response.json()["errors"]):
        return None
    theirs: Any = CHECKS.get_one("positive_data_acceptance")
    return bool(theirs(ctx, response, case))


handler = cache(get_wsgi_application)


def app(environ: Any, start_response: Any) -> list[bytes]:
    """Answer inside the test's transaction, which a closed connection would end."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    try:
        return list(handler()(environ, start_response))
    finally:
        for signal in (signals.request_started, signals.request_finished):
            signal.connect(close_old_connections)


schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
schema.app = app
worlds: list[World] = []


@pytest.fixture(scope="module")
def token(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The owner's token, with a row of every kind in the shop."""
    logging.disable()  # thousands of lines of which nobody reads one
    with shared.rows(django_db_blocker):
        with django_db_blocker.unblock():
            owner = AdminFactory.create(username="duena")
            worlds[:] = [make_world(owner)]
            token = llave_de(owner)
        yield token
    logging.disable(logging.NOTSET)


@schema.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Ask about the row that there is."""
    if path_parameters and type(path_parameters.get("id")) is int:
        route = context.operation.path.lstrip("/").replace("{id}", "<int:pk>")
        path_parameters["id"] = worlds[0].pk_of(route)
    return path_parameters


def with_rows_of_ours(value: Any) -> Any:
    """Put the ids of rows that there are for all that look like ids, so that more than ids is judged."""
    world = worlds[0]
    ours = {"cliente": world.cliente, "plantilla": world.plantilla, "segmento": world.segmento}
    ours |= {"remitente": world.remitente, "cliente_ids": world.cliente}
    ours |= {"etiquetas": world.etiqueta, "sin_etiquetas": world.etiqueta}
    if not isinstance(value, dict):
        return value
    made = {}
    for name, part in value.items():
        if name in ours and type(part) is int and part > 0:
            made[name] = ours[name].pk
        elif name in ours and isinstance(part, list) and part and all(type(one) is int and one > 0 for one in part):
            made[name] = [ours[name].pk]
        else:
            made[name] = with_rows_of_ours(part)
    return made


@schema.hook
def map_body(context: Any, body: Any) -> Any:
    return with_rows_of_ours(body)


def is_repeated(context: Any) -> bool:
    return REPEATED.match(context.operation.label) is not None


def operations() -> dict[str, APIOperation[Any, Any, Any, Any]]:
    """Return the operations to judge, by their labels: "GET /api/v1/clientes/"."""
    chosen = schema if EXAMPLES else schema.exclude(is_repeated)
    found = (result.ok() for result in chosen.get_all_operations() if isinstance(result, Ok))
    return {operation.label: operation for operation in found}


ASKED: Final = settings(
    max_examples=EXAMPLES or SHORT,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
OPERATIONS: Final = operations()


@pytest.mark.parametrize("label", OPERATIONS)
def test_it_does_what_its_description_says(label: str, token: str, db: None) -> None:
    """Its cases are made here. `schema.parametrize()` makes all of them in each process that collects tests."""

    def judge(case: Any) -> None:
        # An old copy is read again behind the answer: by another connection, outside this transaction.
        recuentos.clear()
        before = transaction.savepoint()
        try:
            case.headers.pop("Authorization", None)  # ours takes its place, and it would be judged as if it were sent
            case.call_and_validate(
                headers={"Authorization": f"Token {token}"},
                excluded_checks=[CHECKS.get_one("positive_data_acceptance")],
                additional_checks=[positive_data_acceptance],
            )
        finally:
            transaction.savepoint_rollback(before)

    load_all_checks()
    build_operation_test(
        config=schema.config,
        operation=OPERATIONS[label],
        test_func=judge,
        given_kwargs={},
        feedback=FeedbackSources(constants_value_source=make_constants_value_source(schema)),
        explicit_settings=ASKED,
    )()
