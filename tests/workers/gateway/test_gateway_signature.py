"""Signatures: Twilio's published example, and what must not pass."""

from django.http import QueryDict
from pytest_django import Settings

from local.simulator.signing import sign
from workers.gateway.signature import is_valid

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
