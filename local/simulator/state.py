"""The state that all parts of the running simulator share."""

import asyncio
from collections import Counter

from local.simulator.accounts import Accounts
from local.simulator.callbacks import CallbackSender
from local.simulator.config import Config
from local.simulator.drain import Drain
from local.simulator.faults import Faults
from local.simulator.ledger import Ledger
from local.simulator.limits import Limits
from local.simulator.messages import Message, View, as_json
from local.simulator.requestlog import RequestLog
from local.simulator.setup import Setup


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
        self.accounts = Accounts(self.ledger, config.account_sid, config.auth_token)
        self.setup = Setup()
        self.sender = CallbackSender(
            config.account_sid, self.accounts, self.faults, config.service_number, config.callback_concurrency
        )
        self.drain = Drain(self.ledger, self.faults, self.sender)
        self.stopping = asyncio.Event()
        self.refused: Counter[int] = Counter()
        self.requests = 0

    def owner(self, message: Message) -> str:
        """The SID of a message's account; those of before there were several have none."""
        return message.account or self.config.account_sid

    def show(self, message: Message, now: float) -> dict[str, object]:
        """The message as the API shows it at that Unix second."""
        behaviour = self.faults.now
        view = View(self.owner(message), self.config.service_number, behaviour.clock_offset_s, behaviour.price_delay_s)
        return as_json(message, now, view)

    def reset(self) -> None:
        """Forget everything: messages, opt-outs, other accounts, the account's setup, faults, counts and logs."""
        self.ledger.clear()
        self.accounts.clear()
        self.setup = Setup()
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
