"""The token of an opt-out link: short, ours, and one for each message."""

import itertools

import pytest

from campaigns.mensaje.partes import es_gsm7
from campaigns.mensaje.token import LETRAS, largo, log_de, token_de

LLAVE = b"k" * 32
LARGEST = 62**10 - 1


@pytest.mark.parametrize("log_id", [0, 1, 61, 62, 12_345, 62**5 - 1, 62**5, 10**12, LARGEST])
def test_it_works(log_id: int) -> None:
    token = token_de(log_id, LLAVE)
    assert log_de(token, LLAVE) == log_id
    assert len(token) == largo(log_id)
    assert token.isalnum()
    assert es_gsm7(token)


def test_it_is_eleven_letters_for_nine_hundred_million_messages() -> None:
    assert {largo(log_id) for log_id in (1, 10**6, 62**5 - 1)} == {11}
    assert largo(62**5) == 12
    assert 62**5 == 916_132_832


def test_no_two_messages_share_one() -> None:
    assert len({token_de(log_id, LLAVE) for log_id in range(20_000)}) == 20_000


def test_every_letter_counts() -> None:
    token = token_de(12_345, LLAVE)
    for place, letter in itertools.product(range(len(token)), LETRAS):
        changed = token[:place] + letter + token[place + 1 :]
        if changed != token:
            assert log_de(changed, LLAVE) is None


@pytest.mark.parametrize(
    "token", ["", "x", "0" * 5, "0" * 10, "0" * 11, "0" * 24, "ñ" * 11, "-" * 11, "0" * 5 + "á" * 6, " " * 11]
)
def test_it_takes_none_that_is_not_ours(token: str) -> None:
    assert log_de(token, LLAVE) is None


def test_another_installations_is_not_ours() -> None:
    assert log_de(token_de(7, LLAVE), b"x" * 32) is None


def test_leading_zeros_make_no_second_token() -> None:
    token = token_de(7, LLAVE)
    assert log_de("0" + token, LLAVE) is None
