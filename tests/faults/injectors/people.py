"""The actions of people on a campaign that is being sent."""

import time

from tests.faults.injectors.scene import Fault, Scene

PAUSE_S = (0.5, 3.0)


def pause_and_resume(scene: Scene) -> str | None:
    running = [made for made, estado in scene.load.running() if estado == "procesando"]
    if not running:
        return None
    made = scene.rng.choice(running)
    scene.load.held.add(made.id)
    try:
        if made.api.post(f"/campanas/{made.id}/pausar/").status != 200:
            return None  # it had ended
        time.sleep(scene.rng.uniform(*PAUSE_S))
        resumed = made.api.post(f"/campanas/{made.id}/reanudar/").status
    finally:
        scene.load.held.discard(made.id)
    return f"campaign {made.id}, resumed: {resumed}"


def cancel(scene: Scene) -> str | None:
    running = [made for made, estado in scene.load.running() if estado == "procesando"]
    if not running:
        return None
    made = scene.rng.choice(running)
    scene.load.cancelled.add(made.id)
    answer = made.api.post(f"/campanas/{made.id}/cancelar/")
    return f"campaign {made.id}" if answer.status == 200 else None


FAULTS = (
    Fault("pause-resume", "people", pause_and_resume, weight=2),
    Fault("cancel", "people", cancel),
)
