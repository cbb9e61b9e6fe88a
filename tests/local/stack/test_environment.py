"""The environment: who wins, what counts as unset, and what another terminal finds."""

import os
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from local.stack import environment, sockets
from local.stack.errors import StackError
from local.stack.keep import keep
from local.stack.layout import Layout


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "9001"),  # .env beside the code
        ({"PORT": "9002"}, "9002"),  # the real environment wins
        ({"ENV_FILE": ""}, None),  # no file at all
        ({"ENV_FILE": "other"}, "9003"),  # another file
    ],
)
def test_it_reads_the_environment_before_the_file(
    tmp_path: Path, environ: dict[str, str], expected: str | None
) -> None:
    (tmp_path / ".env").write_text("PORT=9001\n")
    (tmp_path / "other").write_text("PORT=9003\n")
    if environ.get("ENV_FILE"):
        environ = {"ENV_FILE": str(tmp_path / "other")}
    assert environment.read(environ, tmp_path).get("PORT") == expected


def test_it_rejects_an_env_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="nowhere"):
        environment.read({"ENV_FILE": str(tmp_path / "nowhere")})


@pytest.mark.parametrize("text", ["0", "-1", "abc", "65536", "８０", "1.5"])
def test_it_rejects_a_number_out_of_range(text: str) -> None:
    with pytest.raises(StackError, match="PORT must be a whole number from 1 to 65535"):
        environment.whole({"PORT": text}, "PORT", 8000, most=65535)


def test_it_takes_an_empty_value_for_unset(tmp_path: Path) -> None:
    assert environment.whole({"PORT": ""}, "PORT", 8000, most=65535) == 8000
    chosen = environment.defaults({"SECRET_KEY": "", "DEBUG": ""}, Layout(tmp_path), port=8001)
    assert chosen["DEBUG"] == "0"
    assert len(chosen["SECRET_KEY"]) > 50
    assert chosen["PUBLIC_URL"] == "http://localhost:8001"


def test_it_keeps_what_it_made(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    first = environment.simulated_twilio({}, layout, port=1)
    assert environment.simulated_twilio({}, layout, port=1) == first
    assert first["TWILIO_ACCOUNT_SID"].startswith("AC")
    assert len(first["TWILIO_ACCOUNT_SID"]) == 34
    assert first["TWILIO_FROM"] == "+15005550006"
    # A number sends one segment a second; the simulator's need not.
    assert first["SENDER_SEGMENTS_PER_S"] == "0"
    chosen = environment.simulated_twilio({"SENDER_SEGMENTS_PER_S": "3"}, layout, port=1)
    assert chosen["SENDER_SEGMENTS_PER_S"] == "3"


def test_it_makes_an_empty_kept_file_again(tmp_path: Path) -> None:
    """A disk that filled up, or an editor, may leave one."""
    (tmp_path / "key").write_text("\n")
    assert keep(tmp_path / "key", lambda: "made") == "made"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize("value", ["plain", "it's", "a\\b", 'say "hi"', "#no comment", "a b=c"])
def test_another_terminal_reads_what_was_shared(tmp_path: Path, value: str) -> None:
    path = tmp_path / "stack.env"
    environment.share({"SECRET_KEY": value, "HOME": "/private"}, path)
    assert dotenv_values(path) == {"SECRET_KEY": value}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_its_sockets_have_a_short_private_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    folder = sockets.make_folder()
    try:
        assert len(os.fsencode(folder / "pg" / ".s.PGSQL.5432")) < 104
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        sockets.remove_folder(folder)
    assert not folder.exists()


def test_it_removes_no_folder_but_its_own(tmp_path: Path) -> None:
    other = tmp_path / "important"
    other.mkdir()
    sockets.remove_folder(other)
    assert other.exists()
