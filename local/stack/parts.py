"""The product's own processes."""

import asyncio
import http.client
import socket
import sys
from collections.abc import Mapping

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


def simulator(env: Mapping[str, str], layout: Layout, port: int, *options: str) -> Spec:
    """The stand-in for Twilio on a port of 127.0.0.1."""
    inbound = f"{env['PUBLIC_URL']}/webhooks/twilio/entrante/"  # as a number's set-up at Twilio would say
    where = ("--host", "127.0.0.1", "--port", str(port), "--data", str(layout.simulator))
    arguments = (*where, "--inbound-url", inbound, *options)
    return Spec(
        name="simulator",
        command=(sys.executable, "-m", "local.simulator", *arguments),
        env=env,
        ready=lambda: asyncio.to_thread(accepts, port),
    )


def web(env: Mapping[str, str], listener: socket.socket) -> Spec:
    """The web server on a socket that listens already: a restart keeps visitors waiting, not refused."""
    port = listener.getsockname()[1]
    command = (sys.executable, "-m", "gunicorn", "core.wsgi:application", "-c", "core/gunicorn_conf.py")
    return Spec(
        name="web",
        command=command,
        env={**env, "WEB_BIND": f"fd://{listener.fileno()}"},
        ready=lambda: asyncio.to_thread(answers_http, port),
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


def accepts(port: int) -> bool:
    """Whether 127.0.0.1 takes connections on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except OSError:
        return False


def answers_http(port: int) -> bool:
    """Whether the web server answers its health address at all."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
