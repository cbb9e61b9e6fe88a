"""A shop that wants its alerts at a listener of the tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from campaigns.bitacora import alertas
from campaigns.models import AjustesAlertas, CampanaSMS
from core.models import Usuario
from tests.factories import CampanaFactory
from tests.workers.alerts.listener import Listener, listening
from workers.alerts import deliver


@pytest.fixture(autouse=True)
def _nobody_had_a_turn() -> None:
    deliver._served.clear()


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    settings.ALERTS_ALLOW_PRIVATE = True
    with listening() as found:
        yield found


@pytest.fixture
def ajustes(owner: Usuario, listener: Listener) -> AjustesAlertas:
    return alertas.guardar_ajustes(usuario=owner, datos={"url": listener.url})


@pytest.fixture
def campana(owner: Usuario) -> CampanaSMS:
    return CampanaFactory.create(usuario=owner, nombre="Aniversario", estado="procesando", iniciado_en=timezone.now())
