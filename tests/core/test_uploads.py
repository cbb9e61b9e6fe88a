"""Files that nobody asked for are written nowhere."""

from typing import Any

import pytest
from django.core.files.uploadhandler import MemoryFileUploadHandler, TemporaryFileUploadHandler
from django.test import Client

from core.models import Usuario

BOUNDARY = "limite"
LARGE, SMALL = 3_000_000, 100


def multipart(size: int, *, file_first: bool = True) -> bytes:
    file = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="f.bin"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n{'x' * size}\r\n"
    )
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="Body"\r\n\r\nHola\r\n'
    parts = [file, field] if file_first else [field, file]
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that Django has kept, in memory or on the disk."""
    kept: list[str] = []
    for handler in (TemporaryFileUploadHandler, MemoryFileUploadHandler):
        new_file = handler.new_file

        def noted(self: Any, *args: Any, new_file: Any = new_file, **kwargs: Any) -> Any:
            kept.append(type(self).__name__)
            return new_file(self, *args, **kwargs)

        monkeypatch.setattr(handler, "new_file", noted)
    return kept


ADDRESSES = [
    ("/cuentas/ingresar/", {200, 403}),
    ("/admin/login/", {200, 403}),
    ("/webhooks/twilio/entrante/", {403, 413}),
    ("/webhooks/twilio/entrante", {403, 413}),
    (f"/webhooks/twilio/estado/1-{'0' * 32}/", {403, 413}),
    ("/api/v1/auth/token/", {415}),
    ("/api/v1/campanas/", {401, 415}),
    ("/no-hay/", {403, 404}),
    ("/b/abcdef/", {200, 400, 403, 404, 405}),
    ("/campanas/nueva/", {302, 403, 404}),
    ("/clientes/importar/", {302}),
]


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("file_first", [True, False])
@pytest.mark.parametrize(("path", "statuses"), ADDRESSES)
@pytest.mark.django_db
def test_a_stranger_leaves_no_file(kept: list[str], path: str, statuses: set[int], size: int, file_first: bool) -> None:
    client = Client(enforce_csrf_checks=True)
    body = multipart(size, file_first=file_first)

    answer = client.generic("POST", path, body, content_type=f"multipart/form-data; boundary={BOUNDARY}")

    assert answer.status_code in statuses
    assert kept == []


@pytest.mark.parametrize("path", ["/campanas/nueva/", "/cuenta/", "/ajustes/", "/clientes/nuevo/"])
@pytest.mark.django_db
def test_who_has_signed_in_leaves_none_either(owner: Usuario, kept: list[str], path: str) -> None:
    client = Client()
    client.force_login(owner)

    client.generic("POST", path, multipart(LARGE), content_type=f"multipart/form-data; boundary={BOUNDARY}")

    assert kept == []


@pytest.mark.django_db
def test_a_page_for_files_takes_one(owner: Usuario, kept: list[str]) -> None:
    client = Client()
    client.force_login(owner)

    client.generic(
        "POST", "/clientes/importar/", multipart(SMALL), content_type=f"multipart/form-data; boundary={BOUNDARY}"
    )

    assert kept != []


@pytest.mark.django_db
def test_a_body_that_twilio_never_sends_is_not_read(client: Client) -> None:
    form = "Body=" + "a" * 65_000 + "&x=" + "b" * 1_000

    answer = client.generic(
        "POST", "/webhooks/twilio/entrante/", form, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 413
