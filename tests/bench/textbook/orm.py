"""The textbook with Django's ORM: one row for each recipient, read, and saved before and after the call.

Named by `-A`, with `DJANGO_SETTINGS_MODULE=tests.bench.textbook.settings`.
"""

import sys

import django
from celery import Celery, chord
from celery.canvas import Signature
from django.apps import apps

from tests.bench.textbook import sdk
from tests.bench.textbook.tuning import CONFIGURATION

app = Celery("textbook")
# Celery would close the database connection around each task: a new one costs more than the three statements.
app.conf.update(CONFIGURATION, CELERY_DB_REUSE_MAX=sys.maxsize)
if not apps.ready:
    django.setup()

from tests.bench.textbook.models import Mensaje  # noqa: E402 - Django must be set up first


@app.task(ignore_result=True)
def enviar(pk: int) -> None:
    mensaje = Mensaje.objects.get(pk=pk)
    mensaje.estado = "enviando"
    mensaje.save()
    mensaje.twilio_sid = sdk.send(mensaje.telefono)
    mensaje.estado = "enviado"
    mensaje.save()


@app.task
def cerrar(_: list[None]) -> int:
    return Mensaje.objects.filter(estado="enviado").count()


def campana(phones: list[str]) -> Signature:
    """Write the campaign's rows; its chord, whose result is how many were sent."""
    Mensaje.objects.all().delete()
    rows = Mensaje.objects.bulk_create([Mensaje(telefono=phone, mensaje=sdk.TEXT) for phone in phones], 1000)
    return chord([enviar.si(row.pk) for row in rows], cerrar.s())
