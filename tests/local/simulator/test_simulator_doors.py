"""The simulator refuses some things, because it holds an Auth Token and signs with it."""

from pathlib import Path

import pytest

from local.simulator import doors
from local.simulator.client import SimulatorControl, SimulatorError
from local.simulator.config import ConfigError, read_config
from tests.local.simulator_process import ACCOUNT_SID, RunningSimulator, running_simulator

REAL = "AC3f7a1c9be04d528667f1a2b3c4d5e6f0"
INBOUND = "http://localhost:8000/webhooks/twilio/entrante/"


@pytest.mark.parametrize("sid", [REAL, "AC" + "0123456789abcdef" * 2])
def test_it_may_be_real(sid: str) -> None:
    assert doors.looks_real(sid)


@pytest.mark.parametrize("sid", [ACCOUNT_SID, "AC" + "0" * 32, "AC" + "5e" * 16, "AC1", "", "AC" + "x" * 32])
def test_it_is_made_up(sid: str) -> None:
    assert not doors.looks_real(sid)


def read(monkeypatch: pytest.MonkeyPatch, sid: str, *arguments: str) -> str:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", sid)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "t")
    return read_config(["--data", "x", *arguments]).account_sid


def test_it_plays_no_account_that_may_be_real(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="AC3f7a… may be a real account"):
        read(monkeypatch, REAL)
    assert read(monkeypatch, REAL, "--allow-real") == REAL


def test_it_serves_nobody_on_the_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://sms.tienda.co/webhooks/twilio/entrante/"
    with pytest.raises(ConfigError, match="no trial's address"):
        read(monkeypatch, ACCOUNT_SID, "--inbound-url", url)
    read(monkeypatch, ACCOUNT_SID, "--inbound-url", url, "--allow-real")
    read(monkeypatch, ACCOUNT_SID, "--inbound-url", INBOUND)


@pytest.mark.parametrize(
    ("name", "given", "token", "locked", "may"),
    [
        ("reset", "", "", False, True),
        ("health", "", "", True, True),
        ("health", "", "t", True, True),
        ("inbound", "", "", True, False),
        ("inbound", "Bearer ", "", True, False),
        ("inbound", "", "t", False, False),
        ("inbound", "Bearer x", "t", False, False),
        ("inbound", "Bearer ñ", "t", True, False),
        ("inbound", "Bearer t", "t", True, True),
        ("Health", "", "t", True, False),
        ("ledger", "Basic t", "t", True, False),
    ],
)
def test_who_may_command(name: str, given: str, token: str, locked: bool, may: bool) -> None:
    assert doors.may_command({"Authorization": given}, name, token=token, locked=locked) is may


@pytest.mark.parametrize(
    ("url", "inbound_url", "may"),
    [
        (INBOUND, INBOUND, True),
        ("http://127.0.0.1:8000/otro/", INBOUND, True),
        ("http://[::1]:8000/", INBOUND, True),
        ("http://localhost:9000/", INBOUND, False),
        ("https://localhost:8000/", INBOUND, False),
        ("http://169.254.169.254/latest", INBOUND, False),
        ("http://localhost:8000@malo.co/", INBOUND, False),
        ("http://localhost.malo.co:8000/", INBOUND, False),
        ("http://[malo", INBOUND, False),
        ("", INBOUND, False),
        ("http://127.0.0.1:9/#rc=0", "", True),
        ("http://malo.co/", "", False),
        ("http://web:80/x", "http://web/entrante/", True),
        ("http://web2/x", "http://web/entrante/", False),
    ],
)
def test_whom_it_writes_to(url: str, inbound_url: str, may: bool) -> None:
    assert doors.may_write_to(url, inbound_url) is may


def test_it_posts_to_nobody_else(simulator: RunningSimulator) -> None:
    with pytest.raises(SimulatorError, match="not at the product's address"):
        simulator.control.inbound(from_="+573001112233", body="Hola", url="http://192.0.2.1/")


def test_its_commands_ask_for_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATOR_CONTROL_TOKEN", "una-llave")
    with running_simulator(tmp_path) as made:
        with pytest.raises(SimulatorError, match="SIMULATOR_CONTROL_TOKEN"):
            made.control.reset()
        SimulatorControl(made.url, token="una-llave").reset()
