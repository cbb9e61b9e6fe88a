"""Gunicorn's settings, for the embedded stack and for a container alike.

Environment: `WEB_HOST` (default 127.0.0.1; a container says 0.0.0.0), `PORT`, `WEB_WORKERS`, `WEB_THREADS`.
`WEB_BIND` replaces host and port: the stack hands over a socket that listens already (`fd://N`).
"""

import os
from logging.config import dictConfig
from pathlib import Path

from core.ops import logs

bind = os.environ.get("WEB_BIND") or f"{os.environ.get('WEB_HOST') or '127.0.0.1'}:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_WORKERS") or 2)
worker_class = "core.web_worker.Worker"  # gthread, and a quick way for status callbacks
threads = int(os.environ.get("WEB_THREADS") or 8)

# A call may wait 25 s for its campaign (`Prefer: wait`), and a stop lets it finish.
timeout = 60
graceful_timeout = 30
keepalive = 5

# Each worker's heartbeat is a file: on a busy disk it would be late, and the worker taken for dead.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# Its default is one path per user, over which two copies of the product would fight.
control_socket_disable = True
accesslog = None
loglevel = "warning"


def on_starting(server: object) -> None:
    """Write the master's own lines in the form of all others; each web process sets itself up with Django."""
    dictConfig(logs.configuration(os.environ.get("LOG_FORMAT") or "line", os.environ.get("LOG_LEVEL") or "INFO"))
