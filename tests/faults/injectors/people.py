"""The actions of people on a campaign that is being sent, and on the shop that sends it."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tests.faults.injectors.scene import Fault, Scene
from tests.faults.load import Made

PAUSE_S = (0.5, 3.0)
MOTIVO = "Prueba de fallas contra el simulador"
DIAS = ("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo")
# A segment's price in the shop's money, and a limit of a day that nothing fits under.
PRECIO, NADA = "0.05", "0.01"


def pause_and_resume(scene: Scene) -> str | None:
    made = _running(scene)
    if made is None:
        return None
    scene.load.held.add(made.id)
    try:
        if made.api.post(f"/campanas/{made.id}/pausar/").status != 200:
            return None  # it had ended
        time.sleep(scene.rng.uniform(*PAUSE_S))
        resumed = made.api.post(f"/campanas/{made.id}/reanudar/").status
    finally:
        scene.load.held.discard(made.id)
    return f"campaign {made.id}, resumed: {resumed}"


def close_the_window(scene: Scene) -> str | None:
    """The shop's hours end in mid-campaign, and begin again a moment later."""
    far = DIAS[(datetime.now(tz=UTC) + timedelta(days=3)).weekday()]
    ventanas = {dia: {"abre": "10:00", "cierra": "11:00"} if dia == far else None for dia in DIAS}
    closed = {"ventanas_activas": True, "ventanas": ventanas, "motivo": MOTIVO}
    return _in_a_shop(scene, closed, {"ventanas_activas": False, "motivo": MOTIVO})


def spend_the_cap(scene: Scene) -> str | None:
    """The shop's money for the day is spent in mid-campaign, and somebody allows more; the operator resumes."""
    spent = {"precio_segmento": PRECIO, "tope_diario": NADA, "motivo": MOTIVO}
    return _in_a_shop(scene, spent, {"tope_diario": None, "motivo": MOTIVO})


def _in_a_shop(scene: Scene, first: Mapping[str, object], then: Mapping[str, object]) -> str | None:
    """Change the settings of a shop that is sending, and back."""
    made = _running(scene)
    if made is None:
        return None
    try:
        changed = made.api.patch("/ajustes/", first)
        time.sleep(scene.rng.uniform(*PAUSE_S))
    finally:
        back = made.api.patch("/ajustes/", then)
    if (changed.status, back.status) != (200, 200):
        raise OSError(f"the settings were refused: {changed.body}, {back.body}")
    return f"campaign {made.id}"


def retry(scene: Scene) -> str | None:
    """Somebody tries the failed again, while other campaigns are sent."""
    ended = scene.load.ended()
    if not ended:
        return None
    made = scene.rng.choice(ended)
    scene.load.retried.add(made.id)
    answer = made.api.post(f"/campanas/{made.id}/reintentar/")
    return f"campaign {made.id}" if answer.status == 200 else None


def _running(scene: Scene) -> Made | None:
    running = [made for made, estado in scene.load.running() if estado == "procesando"]
    return scene.rng.choice(running) if running else None


def cancel(scene: Scene) -> str | None:
    made = _running(scene)
    if made is None:
        return None
    scene.load.cancelled.add(made.id)
    answer = made.api.post(f"/campanas/{made.id}/cancelar/")
    return f"campaign {made.id}" if answer.status == 200 else None


FAULTS = (
    Fault("pause-resume", "people", pause_and_resume, weight=2),
    Fault("cancel", "people", cancel),
    Fault("close-window", "people", close_the_window),
    Fault("spend-cap", "people", spend_the_cap),
    Fault("retry", "people", retry),
)
