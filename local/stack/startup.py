"""Bring everything up, in order."""

import socket

from local.stack import environment, parts, ports
from local.stack.session import Session
from local.stack.stoppable import together
from local.stack.supervisor import Supervisor

SERVERS = {"DATABASE_URL": "PostgreSQL", "REDIS_URL": "Valkey"}
BANNER = """
  Dashboard   {url}/
  API docs    {url}/api/docs/
  SMS         {sms}
  Stop        {stop}
"""


async def start_everything(session: Session) -> None:
    """Start the databases, prepare them, and start the product on top.

    Raises:
        StackError: something cannot be started; what was started is the session's to stop.
        Interrupted: someone asked to stop.
    """
    listener = await prepare(session)
    await start_product(session, session.supervisor, listener)


async def prepare(session: Session, *simulator_options: str) -> socket.socket:
    """Start what the product stands on: the databases, prepared, and the simulator where there is no account.

    Args:
        simulator_options: more of its command line.

    Returns:
        The socket that the web is to answer on; the session closes it.

    Raises:
        StackError, Interrupted: as `start_everything`.
    """
    listener = listen(session)
    session.on_exit(listener.close)
    layout = session.layout
    session.printer.expect(["simulator", "worker-1"])
    session.env |= environment.defaults(session.env, layout, port=listener.getsockname()[1])
    embedded = [name for variable, name in SERVERS.items() if not session.env.get(variable)]
    if embedded:
        session.printer.say(f"starting {' and '.join(embedded)}")
    await session.start_databases()
    twilio = None
    if not session.env.get("TWILIO_ACCOUNT_SID"):
        twilio = ports.listen_loopback()
        session.on_exit(twilio.close)
        session.env |= environment.simulated_twilio(session.env, layout, port=twilio.getsockname()[1])
    environment.share(session.env, session.stack_env)
    session.printer.say("preparing the database and the static files")
    await together([prepare_database(session), collect_static(session)])
    if twilio:
        await session.supervisor.start(parts.simulator(session.env, layout, twilio, *simulator_options))
    return listener


async def start_product(session: Session, supervisor: Supervisor, listener: socket.socket) -> None:
    """Start the web, the workers and the clock, on what `prepare` made ready.

    Args:
        supervisor: who watches over them, and stops them.

    Raises:
        StackError, Interrupted: as `start_everything`.
    """
    session.printer.say("starting the web, the workers and the clock")
    numbers = range(1, environment.whole(session.env, "WORKER_PROCESSES", 2, most=64) + 1)
    # Side by side, yet three stages: they stop one after the other.
    await together(
        [
            supervisor.start(*(parts.worker(session.env, number) for number in numbers)),
            supervisor.start(parts.web(session.env, listener)),
            supervisor.start(parts.beat(session.env)),
        ]
    )


def listen(session: Session) -> socket.socket:
    """Take the web's port: the one that is asked for, or the first free one.

    Raises:
        StackError: the one asked for is taken.
    """
    host = session.env.get("WEB_HOST") or "127.0.0.1"
    wanted = environment.whole(session.env, "PORT", ports.DEFAULT_PORT, most=65535)
    choose = ports.listen if session.env.get("PORT") else ports.listen_from
    listener = choose(host, wanted)
    port = listener.getsockname()[1]
    if port != wanted:
        session.printer.say(f"port {wanted} is taken: using {port}")
    session.registry.url = f"http://localhost:{port}"
    return listener


async def prepare_database(session: Session) -> None:
    await session.supervisor.step(parts.manage(session.env, "migrate", "--no-input"))
    # The first admin's credentials, which are shown nowhere else.
    for line in await session.supervisor.step(parts.manage(session.env, "ensure_admin", "--print")):
        session.printer.plain(line)


async def collect_static(session: Session) -> None:
    await session.supervisor.step(parts.manage(session.env, "collectstatic", "--no-input"))


def banner(session: Session, *, stop: str = "Ctrl-C") -> str:
    """Say where to look and how to stop, for the terminal."""
    address, api = session.env.get("TWILIO_API_BASE_URL", ""), "https://api.twilio.com"
    if not address or address.rstrip("/") == api:
        sms = f"REAL, sent through Twilio account {session.env['TWILIO_ACCOUNT_SID'][:6]}…"
    else:
        sms = f"SIMULATED at {address}: nothing is sent (set TWILIO_ACCOUNT_SID to send)"
    return BANNER.format(url=session.registry.url, sms=sms, stop=stop)
