"""The state that all parts of the running simulator share."""

import asyncio
import base64
from collections import Counter

from local.simulator.callbacks import CallbackSender
from local.simulator.config import Config
from local.simulator.drain import Drain
from local.simulator.faults import Faults
from local.simulator.ledger import Ledger
from local.simulator.limits import Limits
from local.simulator.requestlog import RequestLog


class State:
    """One running simulator.

    Raises:
        DataUnreadableError: the data directory cannot be used.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.ledger = Ledger(config.data)
        self.log = RequestLog(config.data, enabled=config.request_log)
        self.faults = Faults(config.behaviour)
        self.limits = Limits()
        self.sender = CallbackSender(
            config.account_sid, config.auth_token, config.service_number, config.callback_concurrency
        )
        self.drain = Drain(self.ledger, self.faults, self.sender)
        self.stopping = asyncio.Event()
        login = f"{config.account_sid}:{config.auth_token}".encode()
        self.authorization = f"Basic {base64.b64encode(login).decode()}"
        self.base = f"/2010-04-01/Accounts/{config.account_sid}/Messages"
        self.refused: Counter[int] = Counter()
        self.requests = 0

    def reset(self) -> None:
        """Forget everything: messages, opt-outs, faults, counts and logs."""
        self.ledger.clear()
        self.log.clear()
        self.drain.clear()
        self.faults.set(self.faults.defaults)
        self.refused.clear()
        self.faults.happened.clear()
        self.sender.clear()
        self.limits.refill()
        self.requests = 0

    def close(self) -> None:
        """Put everything on disk."""
        self.ledger.close()
        self.log.close()
