"""The way keys are written, the networks that they are bound to, and the tokens from before keys."""

import importlib
import re
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from core import llaves
from core.addresses import cidr, is_in, is_within
from core.models import LlaveApi, Usuario
from tests.factories import AdminFactory, VendedorFactory

OLD = {"duena": "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b", "vendedor": "b" * 40, "fuera": "c" * 40}
# As rest_framework.authtoken makes it.
AUTHTOKEN = """
CREATE TABLE authtoken_token (key varchar(40) PRIMARY KEY, created timestamptz NOT NULL,
    user_id bigint NOT NULL UNIQUE REFERENCES core_usuario (id) DEFERRABLE INITIALLY DEFERRED)
"""


def test_a_key_has_a_word_random_letters_and_a_checksum() -> None:
    keys = {llaves.nueva() for _ in range(50)}
    assert len(keys) == 50
    assert all(re.fullmatch(r"sms_live_[0-9A-Za-z]{36}", key) and llaves.parece(key) for key in keys)
    assert 62**llaves.RANDOM > 2**128


def test_the_checksum_is_github_s() -> None:
    """CRC-32 of the random part in base 62, digits first: its zero is six zeros."""
    assert llaves._check("") == "000000"
    assert llaves._check("123456789") == "3jZRME"  # CRC-32's check value, 0xCBF43926


@pytest.mark.parametrize("change", range(9, 45, 5))
def test_one_wrong_letter_is_told(change: int) -> None:
    key = llaves.nueva()
    other = "0" if key[change] != "0" else "1"
    assert not llaves.parece(key[:change] + other + key[change + 1 :])


@pytest.mark.parametrize(
    "text", ["", "sms_live_", "x" * 45, "sms_test_" + "0" * 36, "A" * 40, "ſ" * 40, "0" * 39, "0" * 41, "0" * 40 + "\n"]
)
def test_it_is_no_key(text: str) -> None:
    assert not llaves.parece(text)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        (" 203.0.113.0/24 ", "203.0.113.0/24"),
        ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8::", "2001:db8::/128"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::/0", "::/0"),
    ],
)
def test_a_network(text: str, network: str) -> None:
    assert cidr(text) == cidr(network) == network


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "203.0.113", "203.0.113.7/24", "203.0.113.0/33", "2001:db8::1/32", "203.0.113.0/-1", "fe80::%eth0"),
        *(
            "٢٠٣.0.113.7",
            "203.0.113.0/٨",
            "010.0.0.1",
            "203.0.113.0-9",
            "203.0.113.*",
            "example.com",
            "1",
            "0x7f.0.0.1",
        ),
    ],
)
def test_no_network(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the words are the library's
        cidr(text)


def test_an_address_of_nobody_is_in_no_network() -> None:
    assert not is_in(None, ["0.0.0.0/0", "::/0"])
    assert not is_within("10.0.0.0/8", [])


@pytest.fixture
def migrated(db: None) -> dict[str, Usuario]:
    """People with tokens of the version before, upgraded."""
    owner = AdminFactory.create(username="duena")
    people = [owner, VendedorFactory.create(username="vendedor", creado_por=owner)]
    people.append(VendedorFactory.create(username="fuera", creado_por=owner, is_active=False))
    sql = importlib.import_module("core.migrations.0008_llaves").TOKENS_BECOME_KEYS
    with connection.cursor() as cursor:
        cursor.execute(AUTHTOKEN)
        for person in people:
            cursor.execute("INSERT INTO authtoken_token VALUES (%s, now(), %s)", [OLD[person.username], person.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql)
        cursor.execute(sql)  # nothing is left to do
    return {person.username: person for person in people}


def ask(name: str) -> Any:
    return APIClient(headers={"Authorization": f"Token {OLD[name]}"}).get("/api/v1/clientes/")


def test_an_old_token_still_signs_in_and_says_when_it_ends(migrated: dict[str, Usuario]) -> None:
    answer = ask("duena")
    assert answer.status_code == 200
    row = LlaveApi.objects.get(usuario=migrated["duena"])
    assert parsedate_to_datetime(answer["Sunset"]) == row.vence_en
    assert row.vence_en is not None
    assert row.vence_en >= timezone.now() + timedelta(days=89)
    assert re.fullmatch(r"@\d{10}", answer["Deprecation"])
    assert 'rel="deprecation"' in answer["Link"]
    assert (row.nombre, row.prefijo, row.alcances, row.origen) == ("Token de antes", "9944", ["todo"], "anterior")


def test_its_text_is_gone(migrated: dict[str, Usuario]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('authtoken_token'), jsonb_agg(to_jsonb(k))::text FROM core_llaveapi k")
        table, rows = cursor.fetchone()
    assert table is None
    assert not any(token in rows for token in OLD.values())


def test_a_vendedors_reads_and_who_was_shut_out_stays_out(migrated: dict[str, Usuario]) -> None:
    assert ask("vendedor").status_code == 200
    assert LlaveApi.objects.get(usuario=migrated["vendedor"]).alcances == ["leer"]
    Usuario.objects.filter(username="fuera").update(is_active=True)
    assert ask("fuera").status_code == 401


def test_its_end_comes(migrated: dict[str, Usuario]) -> None:
    LlaveApi.objects.update(vence_en=timezone.now() - timedelta(days=1))
    answer = ask("duena")
    assert answer.status_code == 401
    assert "Sunset" not in answer


def test_keys_say_nothing_of_an_end(migrated: dict[str, Usuario]) -> None:
    key = llaves.llave_por_clave(usuario=migrated["duena"]).llave
    answer = APIClient(headers={"Authorization": f"Bearer {key}"}).get("/api/v1/clientes/")
    assert answer.status_code == 200
    assert not {"Sunset", "Deprecation", "Link"} & answer.headers.keys()
