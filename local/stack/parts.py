"""The product's own processes."""

import asyncio
import http.client
import socket
import sys
from collections.abc import Mapping
from functools import partial

from local.stack.layout import Layout
from local.stack.process import Spec

SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# As root, Celery warns of pickled messages, which the product does not take. -q: no banner.
CELERY = (sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "-q", "-A", "core")
# In-flight calls to Twilio have up to 25 s; a worker that waits for them leaves nothing uncertain.
WORKER_STOP_S = 40.0


def manage(env: Mapping[str, str], *args: str) -> Spec:
    """One management command."""
    return Spec(name=args[0], command=(sys.executable, "manage.py", *args), env=env)


def simulator(env: Mapping[str, str], layout: Layout, listener: socket.socket, *options: str) -> Spec:
    """The stand-in for Twilio on a socket that listens already."""
    inbound = f"{env['PUBLIC_URL']}/webhooks/twilio/entrante/"  # as a number's set-up at Twilio would say
    where = ("--fd", str(listener.fileno()), "--data", str(layout.simulator))
    return Spec(
        name="simulator",
        command=(sys.executable, "-m", "local.simulator", *where, "--inbound-url", inbound, *options),
        env=env,
        ready=partial(asyncio.to_thread, answers_http, listener.getsockname()[1], "/_control/health"),
        inherited=(listener.fileno(),),
    )


def web(env: Mapping[str, str], listener: socket.socket) -> Spec:
    """The web server on a socket that listens already: a restart keeps visitors waiting, not refused."""
    port = listener.getsockname()[1]
    command = (sys.executable, "-m", "gunicorn", "core.wsgi:application", "-c", "core/gunicorn_conf.py")
    return Spec(
        name="web",
        command=command,
        env={**env, "WEB_BIND": f"fd://{listener.fileno()}"},
        ready=partial(asyncio.to_thread, answers_http, port, "/healthz"),
        inherited=(listener.fileno(),),
    )


def worker(env: Mapping[str, str], number: int) -> Spec:
    """One Celery worker process with a pool of threads."""
    name = f"worker-{number}"
    options = ("-P", "threads", "-c", env["WORKER_THREADS"], "-n", f"{name}@%h")
    quiet = ("--without-gossip", "--without-mingle", "-l", "INFO")
    return Spec(
        name=name,
        command=(*CELERY, "worker", *options, *quiet),
        env=env,
        ready_text=" ready.",
        patience=20.0,
        stop_timeout=WORKER_STOP_S,
    )


def beat(env: Mapping[str, str]) -> Spec:
    """The clock that starts periodic tasks; its schedule is in PostgreSQL."""
    return Spec(name="beat", command=(*CELERY, "beat", "-S", SCHEDULER, "--pidfile=", "-l", "INFO"), env=env)


def answers_http(port: int, path: str) -> bool:
    """Tell whether the server on 127.0.0.1 answers this path, and does not say that it failed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
