"""The simulator's settings: from the command line, and the account from the environment."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.simulator import doors
from local.simulator.faults import REPORTED, Behaviour


class ConfigError(Exception):
    """A setting is missing or wrong; the text says which, in one line."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings that do not change while the simulator runs."""

    account_sid: str
    auth_token: str = field(repr=False)
    control_token: str = field(repr=False)
    host: str
    port: int
    fd: int | None
    data: Path
    inbound_url: str
    service_number: str
    callback_concurrency: int
    request_log: bool
    behaviour: Behaviour


def read_config(arguments: Sequence[str] | None = None) -> Config:
    """Read the command line, TWILIO_ACCOUNT_SID / TWILIO_AUTH_TOKEN and SIMULATOR_CONTROL_TOKEN.

    Raises:
        ConfigError: the account is not in the environment; or it may be a real one, or the product is served to the
            internet, and nobody said that this is meant.
    """
    parser = argparse.ArgumentParser(
        prog="python -m local.simulator", description="A stand-in for Twilio's Messages API."
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    add("--port", type=int, default=8900, help="0 takes a free one and prints it")
    add("--fd", type=int, help="descriptor of an inherited socket that listens, instead of host and port")
    add("--data", type=Path, required=True, help="directory of the ledger and the request log")
    add("--drain-rate", type=float, default=0.0, help="segments a second per sender; 0 is no limit")
    add("--latency", type=float, default=0.0, help="of each answer, in seconds")
    add("--jitter", type=float, default=0.0, help="around the latency, in seconds")
    add("--max-concurrency", type=int, default=0, help="creates in progress before 20429; 0 is no limit")
    add("--max-rate", type=float, default=0.0, help="creates a second before 20429; 0 is no limit")
    add("--send-delay", type=float, default=0.1, help="from a message's turn to sent, in seconds")
    add("--delivery-delay", type=float, default=0.4, help="from sent to the outcome, in seconds")
    add("--callback-statuses", default=",".join(REPORTED), help="which are reported")
    add("--callback-concurrency", type=int, default=64, help="status callbacks in progress at a time")
    add(
        "--inbound-url",
        default="",
        help="where inbound messages are posted, e.g. …/webhooks/twilio/entrante/",
    )
    add("--service-number", default="+15005550006", help="the number Messaging Services send from")
    add("--seed", type=int, default=1, help="of the faults' random numbers")
    add("--no-request-log", action="store_true", help="do not log the raw requests")
    add(
        "--allow-real",
        action="store_true",
        help="play an account that may be a real one, or for a public https address; commands then need a token",
    )
    given = parser.parse_args(arguments)
    account_sid, auth_token = os.environ.get("TWILIO_ACCOUNT_SID"), os.environ.get("TWILIO_AUTH_TOKEN")
    if not account_sid or not auth_token:
        raise ConfigError("set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: the account the simulator plays")
    if not given.allow_real:
        _refuse_what_may_be_real(account_sid, given.inbound_url)
    behaviour = Behaviour(
        seed=given.seed,
        latency_s=given.latency,
        jitter_s=given.jitter,
        drain_rate=given.drain_rate,
        send_s=given.send_delay,
        delivery_s=given.delivery_delay,
        max_concurrency=given.max_concurrency,
        max_rate=given.max_rate,
    )
    behaviour.callbacks.statuses = [status for status in given.callback_statuses.split(",") if status]
    return Config(
        account_sid=account_sid,
        auth_token=auth_token,
        control_token=os.environ.get("SIMULATOR_CONTROL_TOKEN", ""),
        host=given.host,
        port=given.port,
        fd=given.fd,
        data=given.data,
        inbound_url=given.inbound_url,
        service_number=given.service_number,
        callback_concurrency=given.callback_concurrency,
        request_log=not given.no_request_log,
        behaviour=behaviour,
    )


def _refuse_what_may_be_real(account_sid: str, inbound_url: str) -> None:
    if doors.looks_real(account_sid):
        raise ConfigError(
            f"{account_sid[:6]}… may be a real account of Twilio's, whose token would be here: make one up, such as "
            f"AC{'0' * 32}, or say --allow-real"
        )
    if inbound_url.startswith("https://"):
        raise ConfigError(
            f"{inbound_url} is no trial's address: nothing would be sent. Say --allow-real if it is meant"
        )
