"""The web application of a process that can be made to crash: `gunicorn tests.faults.wsgi:application`."""

import os
from pathlib import Path

from core.wsgi import application
from tests.faults import crash

crash.install("web", crash.Armory(Path(os.environ[crash.FOLDER_VARIABLE])))

__all__ = ["application"]
