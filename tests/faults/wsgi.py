"""The web application of a process that can be made to crash: `gunicorn tests.faults.wsgi:application`."""

import os
from pathlib import Path

from tests.faults import account
from tests.faults.folder import FOLDER_VARIABLE

folder = Path(os.environ[FOLDER_VARIABLE])
account.take(folder)

from core.wsgi import application  # noqa: E402 - it reads the settings
from tests.faults import crash  # noqa: E402 - likewise

crash.install("web", crash.Armory(folder))

__all__ = ["application"]
