"""The simulator, which does not begin while Twilio is away: `python -m tests.faults.simulator`."""

import os
import runpy
import time
from pathlib import Path

from tests.faults.folder import AWAY, FOLDER_VARIABLE

LOOK_S = 0.05

if __name__ == "__main__":
    away = Path(os.environ[FOLDER_VARIABLE]) / AWAY
    while away.exists():
        time.sleep(LOOK_S)
    runpy.run_module("local.simulator", run_name="__main__", alter_sys=True)
