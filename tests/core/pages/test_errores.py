"""The frame: login, errors, and the static files that production serves."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.shortcuts import render
from django.test import Client, RequestFactory, override_settings

from core.models import Usuario
from core.settings import BASE_DIR

MANIFEST = "whitenoise.storage.CompressedManifestStaticFilesStorage"
PAGES = sorted(p for room in ("core", "campaigns", "clientes") for p in (BASE_DIR / room).glob("templates/**/*.html"))


@pytest.mark.django_db
def test_a_wrong_password_is_refused_in_spanish() -> None:
    answer = Client().post("/cuentas/ingresar/", {"username": "nadie", "password": "nada"})
    assert "El usuario o la contraseña no son correctos" in answer.content.decode()


def test_the_login_goes_where_one_was_going(owner: Usuario) -> None:
    form = {"username": owner.username, "password": "clave-de-prueba", "next": "/campanas/1/"}
    answer = Client().post("/cuentas/ingresar/", form)
    assert answer["Location"] == "/campanas/1/"
    form["next"] = "https://otra.example/"
    assert Client().post("/cuentas/ingresar/", form)["Location"] == "/"


def test_a_missing_page_is_ours() -> None:
    answer = Client().get("/no-existe/")
    assert answer.status_code == 404
    assert "No encontramos esta página" in answer.content.decode()


def test_the_page_of_an_error_needs_no_context() -> None:
    for status in ("400", "403", "403_csrf", "404", "500", "503"):
        assert "Campañas SMS" in render(None, f"{status}.html").content.decode()


@pytest.mark.parametrize(("simulated", "said"), [(True, True), (False, False)])
def test_the_pages_say_when_nothing_is_really_sent(simulated: bool, said: bool) -> None:
    with override_settings(TWILIO_SIMULATED=simulated):
        page = render(RequestFactory().get("/"), "registration/login.html").content.decode()
    assert ("Simulado" in page) is said


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_template_obeys_the_csp(page: Path) -> None:
    text = page.read_text()
    assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)|hx-on", text)


def test_a_page_that_names_no_icon_has_it_too() -> None:
    answer = Client().get("/favicon.ico")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/static/core/icon.svg")


def test_every_icon_is_in_the_sprite() -> None:
    found = finders.find("vendor/icons/sprite.svg")
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', Path(str(found)).read_text()))
    sources = "".join(p.read_text() for p in PAGES)
    tables = "".join((BASE_DIR / "campaigns" / p).read_text() for p in ("templatetags/campanas.py", "barra.py"))
    used = set(re.findall(r'{% icono "([\w-]+)"', sources)) | set(
        re.findall(r'"tono-\w+", (?:"icono": )?"([\w-]+)"', tables)
    )
    assert used - sprite == set()


def test_production_finds_every_static_file(tmp_path: Path) -> None:
    with override_settings(STATIC_ROOT=str(tmp_path), STORAGES={"staticfiles": {"BACKEND": MANIFEST}}):
        call_command("collectstatic", interactive=False, verbosity=0)
        page = render(RequestFactory().get("/"), "base.html", {"user": Usuario()}).content.decode()
    for name in re.findall(r'/static/([^"#]+)', page):
        assert re.search(r"\.[0-9a-f]{12}\.", name), name
        assert (tmp_path / name).exists()
