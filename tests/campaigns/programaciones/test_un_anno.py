"""A year of five schedules in three zones, whatever becomes of the ticks: lost, doubled, late, or killed in the middle.

The beats themselves, around the days on which clocks change: tests/workers/test_programaciones.py.
"""

import random
from datetime import timedelta

import pytest
import time_machine

from campaigns.audiencia.seleccion import Medida
from campaigns.models import CampanaSMS, Ocurrencia
from campaigns.programaciones import ocurrencias
from core.models import Usuario
from tests.campaigns.programaciones.calendario import COMIENZO, HORARIOS, ZONAS, momentos
from tests.factories import ClienteFactory, una_programacion

SECOND = timedelta(seconds=1)
SWEEP = timedelta(seconds=5)
# How often an occurrence's task runs before the sweep: not at all (beat was killed), once, by both beats, and once more
# by a beat that had not saved its schedule.
TICKS = (0, 1, 2, 3)


class Killed(BaseException):
    """kill -9, in the middle of an occurrence."""


def die(*args: object, **kwargs: object) -> None:
    raise Killed


@pytest.mark.parametrize("zona", ZONAS)
def test_a_year_has_one_campaign_for_each_occurrence(
    zona: str, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    ClienteFactory.create(usuario=owner)
    # Another test asks whom each campaign reaches, which is half of what a year costs.
    monkeypatch.setattr("campaigns.campana.services.medir", lambda *args, **kwargs: Medida(1, 10))
    monkeypatch.setattr("campaigns.campana.services._freeze", lambda *args: None)
    chance = random.Random(zona)
    kills = by_sweep = 0
    with time_machine.travel(COMIENZO, tick=False) as clock:
        wanted = {
            una_programacion(owner, nombre=name, zona=zona, **horario.fields).pk: momentos(horario, zona)
            for name, horario in HORARIOS.items()
        }
        for moment in sorted({moment for moments in wanted.values() for moment in moments}):
            clock.move_to(moment + SECOND)
            due = [pk for pk, moments in wanted.items() if moment in moments]
            if chance.random() < 0.1:
                kills += 1
                with monkeypatch.context() as patched:
                    patched.setattr(Ocurrencia, "save", die)
                    with pytest.raises(Killed):
                        ocurrencias.atender(due[0])
            for pk in due:
                for _ in range(chance.choice(TICKS)):
                    ocurrencias.atender(pk)
            if chance.random() < 0.1:
                ocurrencias.atender(chance.choice(list(wanted)))  # a tick of a wider crontab
            clock.move_to(moment + SECOND + SWEEP)
            by_sweep += ocurrencias.atender_vencidas()
    rows = list(Ocurrencia.objects.order_by("ocurrencia_utc").values_list("programacion", "ocurrencia_utc", "estado"))
    assert {estado for _, _, estado in rows} == {"creada"}
    found = {pk: [moment for programacion, moment, _ in rows if programacion == pk] for pk in wanted}
    assert found == wanted
    assert CampanaSMS.objects.count() == CampanaSMS.objects.exclude(ocurrencia=None).count() == len(rows)
    assert min(kills, by_sweep) > 20  # it was worth its name
