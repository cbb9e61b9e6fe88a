"""Signatures: Twilio's published example, and what must not pass."""

import pytest
from django.http import QueryDict
from pytest_django import Settings

from local.simulator.signing import headers, sign
from workers.gateway.signature import HEADER, SETTINGS_HEADER, is_valid

# https://www.twilio.com/docs/usage/security#validating-requests
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_it_works() -> None:
    assert is_valid(URL, FORM, SIGNATURE, tokens=["12345"])


def test_it_takes_the_settings_token(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = "12345"

    assert is_valid(URL, FORM, SIGNATURE)


def test_it_takes_any_token_while_rotating() -> None:
    assert is_valid(URL, FORM, SIGNATURE, tokens=["new", "12345"])
    assert not is_valid(URL, FORM, SIGNATURE, tokens=["new", "newer"])
    assert not is_valid(URL, FORM, SIGNATURE, tokens=[])


def test_it_rejects_a_missing_signature() -> None:
    assert not is_valid(URL, FORM, None, tokens=["12345"])
    assert not is_valid(URL, FORM, "", tokens=["12345"])


def test_it_rejects_what_was_changed() -> None:
    assert not is_valid(URL, {**FORM, "Digits": "1235"}, SIGNATURE, tokens=["12345"])
    assert not is_valid(URL, {**FORM, "Extra": ""}, SIGNATURE, tokens=["12345"])
    assert not is_valid(URL.replace("https", "http"), FORM, SIGNATURE, tokens=["12345"])
    assert not is_valid(URL, FORM, SIGNATURE[:-2] + "9=", tokens=["12345"])


def test_it_rejects_a_signature_made_with_no_token() -> None:
    assert not is_valid(URL, FORM, sign("", URL, FORM), tokens=[""])


def test_it_reads_a_django_form() -> None:
    form = QueryDict(mutable=True)
    form.update(FORM)

    assert is_valid(URL, form, SIGNATURE, tokens=["12345"])


def test_it_agrees_with_the_simulator() -> None:
    url, form = "http://localhost:8000/webhooks/twilio/estado/t/", {"MessageSid": "SM1", "Body": "¡Año! 5 €"}

    assert is_valid(url, form, sign("secret", f"{url}#rc=5&rp=all", form), tokens=["secret"])


class TestRotation:
    def test_it_takes_the_token_before(self, settings: Settings) -> None:
        settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_ANTERIOR = "new", "12345"

        assert is_valid(URL, FORM, SIGNATURE)

    def test_it_takes_none_where_there_was_none(self, settings: Settings) -> None:
        settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_ANTERIOR = "new", ""

        assert not is_valid(URL, FORM, SIGNATURE)
        assert not is_valid(URL, FORM, sign("", URL, FORM))


class TestSharedKey:
    """https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys"""

    @pytest.fixture(autouse=True)
    def _keys(self, settings: Settings) -> None:
        settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_ANTERIOR = "12345", ""
        settings.TWILIO_SHARED_KEYS = ["newer key", "shared key"]

    @pytest.mark.parametrize("key", ["shared key", "newer key"])
    def test_it_works(self, key: str) -> None:
        made = headers("", key, URL, FORM)

        assert made[SETTINGS_HEADER].endswith(",algorithm=HMAC_SHA256")
        assert is_valid(URL, FORM, made[HEADER], made[SETTINGS_HEADER])
        assert not is_valid(URL, {**FORM, "Digits": "1235"}, made[HEADER], made[SETTINGS_HEADER])

    def test_it_takes_the_hash_that_is_named(self) -> None:
        sha1, named = sign("shared key", URL, FORM), "key=webhooks_sharedkey_1, algorithm=hmac_sha1"

        assert is_valid(URL, FORM, sha1, named)
        assert not is_valid(URL, FORM, sha1, "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256")

    @pytest.mark.parametrize(
        "named", ["key=1,algorithm=NONE", "key=1,algorithm=HMAC_MD5", "key=1,algorithm=HMAC_SHA512"]
    )
    def test_it_rejects_other_hashes(self, named: str) -> None:
        assert not is_valid(URL, FORM, sign("shared key", URL, FORM, "sha256"), named)

    def test_it_keeps_keys_and_tokens_apart(self) -> None:
        named = "key=1,algorithm=HMAC_SHA256"

        # The Auth Token signs nothing that says it was a SharedKey, nor the reverse.
        assert not is_valid(URL, FORM, sign("12345", URL, FORM, "sha256"), named)
        assert not is_valid(URL, FORM, sign("shared key", URL, FORM))
        assert not is_valid(URL, FORM, sign("shared key", URL, FORM, "sha256"))

    def test_it_rejects_all_without_a_key(self, settings: Settings) -> None:
        settings.TWILIO_SHARED_KEYS = []

        assert not is_valid(URL, FORM, sign("", URL, FORM, "sha256"), "key=1,algorithm=HMAC_SHA256")
        settings.TWILIO_SHARED_KEYS = [""]
        assert not is_valid(URL, FORM, sign("", URL, FORM, "sha256"), "key=1,algorithm=HMAC_SHA256")
