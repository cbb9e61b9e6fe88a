"""The HTTP server: who may call, which part answers, and how it starts and stops.

It is aiohttp's low-level server with one handler: a router and middlewares would cost more than the rest of
a request, and this shares its processor with the program it helps to measure.
"""

import asyncio
import errno
import signal
import socket
from email.utils import formatdate
from time import time

from aiohttp import web

from local.simulator.account import account
from local.simulator.answers import answer_refusal
from local.simulator.config import Config, ConfigError
from local.simulator.control import control
from local.simulator.create import create
from local.simulator.errors import refusal
from local.simulator.listing import fetch, list_messages
from local.simulator.messages import API_VERSION
from local.simulator.state import State

CONTROL = "/_control/"
STOP_S = 2.0
BACKLOG = 1024


class Server:
    """One simulator, listening.

    Raises:
        DataUnreadableError: the data directory cannot be used.
    """

    def __init__(self, config: Config) -> None:
        self.state = State(config)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer any request."""
        path = request.raw_path.partition("?")[0]
        if path.startswith(CONTROL):
            return await control(self.state, request, path[len(CONTROL) :])
        self.state.requests += "/Messages" in path  # those about the account are no part of sending
        answer = await self._api(request, path)
        if offset_s := self.state.faults.now.clock_offset_s:
            answer.headers["Date"] = formatdate(time() + offset_s, usegmt=True)
        return answer

    async def _api(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        state = self.state
        who = state.accounts.who(request.headers.get("Authorization", ""))
        if who is None:
            state.log.write(request.method, request.raw_path, 401, 20003, "", b"")
            return answer_refusal(state, refusal(20003), {"WWW-Authenticate": 'Basic realm="Twilio API"'})
        base = f"/{API_VERSION}/Accounts/{who}/Messages"
        if path == f"{base}.json":
            if request.method == "POST":
                return await create(state, request, who)
            if request.method == "GET":
                return await list_messages(state, request, who)
        elif request.method == "GET":
            if path.startswith(f"{base}/") and path.endswith(".json"):
                return await fetch(state, request, who, path[len(base) + 1 : -len(".json")])
            return await account(state, request, who)
        state.log.write(request.method, request.raw_path, 404, 20404, "", b"")
        return answer_refusal(state, refusal(20404, path))

    def _site(self, runner: web.ServerRunner) -> web.BaseSite:
        config = self.state.config
        if config.fd is None:
            return web.TCPSite(runner, config.host, config.port, backlog=BACKLOG)
        return web.SockSite(runner, socket.socket(fileno=config.fd), backlog=BACKLOG)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            ConfigError: the address cannot be listened on.
        """
        config, loop = self.state.config, asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.state.stopping.set)
        runner = web.ServerRunner(web.Server(self.handle, access_log=None), shutdown_timeout=STOP_S)
        await runner.setup()
        stop = loop.create_task(self.state.stopping.wait())
        tasks = [loop.create_task(self.state.sender.run()), loop.create_task(self.state.drain.run())]
        try:
            await self._site(runner).start()
            host, port = runner.addresses[0][:2]
            print(f"simulator: listening on http://{host}:{port}", flush=True)
            ended, _ = await asyncio.wait({stop, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()  # a background task never ends by itself: its failure is ours
        except OSError as error:
            if config.fd is not None:
                raise ConfigError(f"descriptor {config.fd} is no socket that listens") from error
            why = "is already in use" if error.errno == errno.EADDRINUSE else error.strerror
            raise ConfigError(f"{config.host}:{config.port} {why}") from error
        finally:
            await runner.cleanup()
            for task in (stop, *tasks):
                task.cancel()
            await asyncio.gather(stop, *tasks, return_exceptions=True)
            self.state.close()
