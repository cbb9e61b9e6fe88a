"""The textbook without any database: the chord hands every sid to its callback, which knows how many were sent."""

from celery import Celery, chord
from celery.canvas import Signature

from tests.bench.textbook import sdk
from tests.bench.textbook.tuning import CONFIGURATION

app = Celery("textbook")
app.conf.update(CONFIGURATION)


# The chord carries its parts' results to the callback all the same; without this each would be stored once more.
@app.task(ignore_result=True)
def enviar(to: str) -> str:
    return sdk.send(to)


@app.task
def cerrar(sids: list[str]) -> int:
    return len(sids)


def campana(phones: list[str]) -> Signature:
    """The chord of a campaign. Its result is how many were sent."""
    return chord([enviar.s(phone) for phone in phones], cerrar.s())
