"""GET /api/v1/campanas/{id}/progreso/: the parts always add up to the total."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.campana.selectors import Progreso
from campaigns.models import CampanaSMS, Lote, SMSLog
from campaigns.values import codigos
from core.api.throttling import UserThrottle
from core.models import LlaveApi, Usuario
from tests.campaigns.support import add_rows, finished_campana, lote_with, running_campana
from tests.factories import CampanaFactory, llave_de

PARTS = ("pendientes", "enviando", "inciertos", "exitosos", "fallidos")


def progreso(api: APIClient, campana: CampanaSMS) -> dict[str, Any]:
    response = api.get(f"/api/v1/campanas/{campana.pk}/progreso/")
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    assert body["total"] == sum(body[part] for part in PARTS)
    return body


def test_it_works(api: APIClient, owner: Usuario) -> None:
    campana = running_campana(owner)
    # a neighbour whose rows must not be counted
    running_campana(owner)
    body = progreso(api, campana)
    assert {name: body[name] for name in (*PARTS, "total")} == {
        "pendientes": 73,
        "enviando": 2,
        "inciertos": 3,
        "exitosos": 49,
        "fallidos": 11,
        "total": 138,
    }
    assert (body["id"], body["estado"], body["motivo"], body["completado_en"]) == (campana.pk, "procesando", "", None)
    assert body["porcentaje"] == 43.4  # 60 of 138, cut and not rounded


def test_it_works_before_anything_is_opened(api: APIClient, owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, total_clientes=7)
    for numero, total in ((1, 5), (2, 2)):
        Lote.objects.create(campana=campana, numero=numero, cliente_ids=[], total=total)
    body = progreso(api, campana)
    assert (body["pendientes"], body["porcentaje"], body["por_segundo"]) == (7, 0.0, 0.0)
    assert body["segundos_restantes"] is None


def test_it_works_when_it_is_over(api: APIClient, owner: Usuario, django_assert_num_queries: Any) -> None:
    campana = finished_campana(owner, 9, 1)
    with django_assert_num_queries(1):  # its own row says it all
        body = progreso(api, campana)
    assert (body["exitosos"], body["fallidos"], body["porcentaje"], body["segundos_restantes"]) == (9, 1, 100.0, 0)
    assert body["completado_en"] == timezone.localtime(campana.completado_en).isoformat()


def test_it_counts_what_stays_unknown_among_the_failed(api: APIClient, owner: Usuario) -> None:
    """They are counted in a Lote that is open, in one that is closed, and when all is over."""
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=15)
    lote = lote_with(campana, 1, enviado=2, fallido=1)
    add_rows(lote, "fallido", 2, codigo=codigos.DESCONOCIDO)
    Lote.objects.filter(pk=lote.pk).update(total=5)
    Lote.objects.create(
        campana=campana, numero=2, cliente_ids=[], total=10, estado="cerrado", exitosos=6, fallidos=4, desconocidos=3,
        cerrado_en=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    body = progreso(api, campana)
    assert (body["fallidos"], body["desconocidos"]) == (7, 5)
    over = finished_campana(owner, 1, 9, desconocidos=4)
    body = progreso(api, over)
    assert (body["fallidos"], body["desconocidos"]) == (9, 4)


def test_it_shows_why_it_is_paused(api: APIClient, owner: Usuario) -> None:
    campana = running_campana(owner, motivo="20003: Twilio rechazó las credenciales")
    CampanaSMS.objects.filter(pk=campana.pk).update(estado="pausado")
    body = progreso(api, campana)
    assert (body["estado"], body["motivo"]) == ("pausado", "20003: Twilio rechazó las credenciales")


def test_it_reaches_100_only_at_the_end(api: APIClient, owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=100_000)
    now = timezone.now()
    Lote.objects.create(
        campana=campana, numero=1, cliente_ids=[], total=99_999, estado="cerrado", exitosos=99_999, cerrado_en=now
    )
    lote_with(campana, 2, incierto=1)
    assert progreso(api, campana)["porcentaje"] == 99.9


def test_it_tells_the_rate_and_the_time_left(api: APIClient, owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=60)
    lote = lote_with(campana, 1, enviado=15, fallido=5, pendiente=10)
    Lote.objects.create(campana=campana, numero=2, cliente_ids=[], total=30)
    old = [row.pk for row in SMSLog.objects.filter(lote=lote, estado="enviado")[:5]]
    SMSLog.objects.filter(pk__in=old).update(actualizado=timezone.now() - timedelta(seconds=11))
    body = progreso(api, campana)
    assert (body["por_segundo"], body["segundos_restantes"]) == (1.5, 27)  # 15 in ten seconds; 40 left


def test_it_does_not_take_for_speed_what_was_refused_without_a_call(api: APIClient, owner: Usuario) -> None:
    """Opening a Lote writes its unsendable recipients at once; the rate is of those that were tried."""
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=51)
    lote = lote_with(campana, 1, pendiente=1)
    add_rows(lote, "fallido", 50, intentos=0, codigo="sin_telefono")
    Lote.objects.filter(pk=lote.pk).update(total=51)
    body = progreso(api, campana)
    assert (body["por_segundo"], body["segundos_restantes"], body["fallidos"]) == (0.0, None, 50)


def test_it_counts_a_lote_that_closed_a_moment_ago_in_the_rate(api: APIClient, owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=30)
    lote = lote_with(campana, 1, enviado=20)
    Lote.objects.filter(pk=lote.pk).update(
        estado="cerrado", exitosos=20, publicado_en=timezone.now(), cerrado_en=timezone.now()
    )
    Lote.objects.create(campana=campana, numero=2, cliente_ids=[], total=10)
    body = progreso(api, campana)
    assert (body["exitosos"], body["por_segundo"], body["segundos_restantes"]) == (20, 2.0, 5)


def test_a_closed_lote_counts_in_the_rate_with_its_time_in_the_window(api: APIClient, owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=500)
    now = timezone.now()
    for numero, (from_s, until_s) in enumerate(((24, 4), (9, 2), (30, 11), (4, 4)), 1):
        Lote.objects.create(
            campana=campana, numero=numero, cliente_ids=[], total=100, estado="cerrado", exitosos=90, fallidos=10,
            publicado_en=now - timedelta(seconds=from_s), cerrado_en=now - timedelta(seconds=until_s),
        )  # fmt: skip
    # one that was cancelled before it was published
    Lote.objects.create(
        campana=campana, numero=5, cliente_ids=[], total=100, estado="cerrado", fallidos=100, cerrado_en=now
    )
    # 6 s of the first's 20, all of the second's and nothing of the third's; the last took no time.
    assert progreso(api, campana)["por_segundo"] == pytest.approx(3 + 10 + 0 + 10, abs=0.5)


def test_it_adds_up_in_any_mixture(api: APIClient, owner: Usuario) -> None:
    dice = random.Random(7)
    for _ in range(10):
        campana = CampanaFactory.create(usuario=owner, estado="procesando")
        expected = dict.fromkeys(PARTS, 0)
        for numero, estado in enumerate(dice.choices(["pendiente", "abierto", "por_conciliar", "cerrado"], k=5), 1):
            if estado == "pendiente":
                total = dice.randint(1, 9)
                Lote.objects.create(campana=campana, numero=numero, cliente_ids=[], total=total)
                expected["pendientes"] += total
                continue
            final = {"enviado": dice.randint(0, 3), "fallido": dice.randint(0, 3)}
            loose = {name: dice.randint(0, 2) for name in ("pendiente", "enviando", "incierto")}
            rows = final if estado == "cerrado" else {**final, **loose}
            lote = lote_with(campana, numero, **rows)
            sums: dict[str, Any] = {}
            if estado == "cerrado":
                sums = {"exitosos": rows["enviado"], "fallidos": rows["fallido"], "cerrado_en": timezone.now()}
            Lote.objects.filter(pk=lote.pk).update(estado=estado, **sums)
            names = {"pendiente": "pendientes", "enviado": "exitosos", "fallido": "fallidos", "incierto": "inciertos"}
            for name, count in rows.items():
                expected[names.get(name, name)] += count
        body = progreso(api, campana)
        assert {name: body[name] for name in PARTS} == expected


def test_it_costs_the_same_for_one_lote_and_for_a_hundred(
    api: APIClient, owner: Usuario, django_assert_num_queries: Any
) -> None:
    campana = running_campana(owner)
    for count in (0, 100):
        start = 5
        Lote.objects.bulk_create(Lote(campana=campana, numero=start + n, cliente_ids=[], total=1) for n in range(count))
        with django_assert_num_queries(2):
            progreso(api, campana)


def progress(total: int, done: int, rate: float) -> Progreso:
    return Progreso(total, total - done, 0, 0, done, 0, rate)


@pytest.mark.parametrize(
    ("done", "rate", "percent", "left"),
    [
        (0, 0.0, 0.0, None),
        (0, 10.0, 0.0, 100),
        (1, 0.1, 0.1, 9_990),
        (999, 1000.0, 99.9, 0),
        (1_000, 0.0, 100.0, 0),
        (1_000, 5.0, 100.0, 0),
    ],
)
def test_its_percentage_and_time_left(done: int, rate: float, percent: float, left: int | None) -> None:
    found = progress(1_000, done, rate)
    assert (found.porcentaje, found.segundos_restantes) == (percent, left)


def test_its_percentage_never_runs_back_nor_overflows() -> None:
    percents = [progress(3_000, done, 0.0).porcentaje for done in range(3_001)]
    assert all(a <= b for a, b in itertools.pairwise(percents))
    assert percents[-2] < 100.0 == percents[-1]


ACCEPT = ["", "*/*", "application/json", "application/json, text/plain, */*"]


def used(usuario: Usuario, *alcances: str, **campos: Any) -> str:
    """Make a key that was used lately: the quick way is for those."""
    return llave_de(usuario, *alcances, **{"ultimo_uso_en": timezone.now(), **campos})


def by_token(usuario: Usuario, path: str, **headers: Any) -> Any:
    return APIClient().get(path, HTTP_AUTHORIZATION=f"Token {used(usuario)}", **headers)


def slow_and_quick(usuario: Usuario, path: str) -> tuple[Any, Any]:
    """The answers of the framework, which takes what is asked for with a query, and of the quick way."""
    return by_token(usuario, f"{path}?x=1"), by_token(usuario, path)


def test_the_quick_way_asks_once(owner: Usuario, teammate: Usuario, django_assert_num_queries: Any) -> None:
    campana = running_campana(owner)
    for usuario in (owner, teammate):
        key = used(usuario)
        for n, accept in enumerate(ACCEPT):
            headers: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Token {key}", "HTTP_ACCEPT": accept}
            counted = usuario == owner and n == 0
            with django_assert_num_queries(2 if counted else 1):  # the count is for all who ask in this second
                answer = APIClient().get(f"/api/v1/campanas/{campana.pk}/progreso/", **headers)
            assert answer.json()["total"] == 138


def test_the_quick_way_says_what_the_other_says(owner: Usuario, teammate: Usuario) -> None:
    paused = running_campana(owner, motivo="20003: «credenciales» rechazadas")
    CampanaSMS.objects.filter(pk=paused.pk).update(estado="pausado")
    for campana in (running_campana(owner), paused, finished_campana(owner, 9, 1, desconocidos=1)):
        path = f"/api/v1/campanas/{campana.pk}/progreso/"
        for usuario in (owner, teammate):
            slow, quick = slow_and_quick(usuario, path)
            assert quick.status_code == slow.status_code, path
            assert quick.content == slow.content
            ours, theirs = ({n: v for n, v in a.items() if n not in {"X-Request-ID", "Vary"}} for a in (quick, slow))
            assert ours == theirs


def test_the_quick_way_never_shows_a_count_to_others(owner: Usuario, stranger: Usuario) -> None:
    """The copy is by campaign; whose it is, is asked each time."""
    path = f"/api/v1/campanas/{running_campana(owner).pk}/progreso/"
    assert by_token(owner, path).status_code == 200
    assert by_token(stranger, path).status_code == 404


def test_the_quick_way_shows_an_end_and_a_move_at_once(owner: Usuario) -> None:
    campana = running_campana(owner)
    path = f"/api/v1/campanas/{campana.pk}/progreso/"
    assert by_token(owner, path).json()["estado"] == "procesando"
    CampanaSMS.objects.filter(pk=campana.pk).update(estado="pausado")
    assert by_token(owner, path).json()["estado"] == "pausado"
    CampanaSMS.objects.filter(pk=campana.pk).update(
        estado="completado", completado_en=timezone.now(), enviados_exitosos=100, enviados_fallidos=38
    )
    body = by_token(owner, path).json()
    assert (body["estado"], body["exitosos"], body["pendientes"]) == ("completado", 100, 0)


def test_the_quick_way_opens_nothing_to_others(owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
    campana = running_campana(owner)
    path = f"/api/v1/campanas/{campana.pk}/progreso/"
    assert by_token(stranger, path).status_code == 404
    assert by_token(owner, "/api/v1/campanas/999999999/progreso/").status_code == 404
    assert APIClient().get(path, HTTP_AUTHORIZATION="Token " + "0" * 40).status_code == 401
    assert APIClient().get(path).status_code == 401
    assert by_token(owner, path, HTTP_ACCEPT="text/html").status_code == 406
    assert by_token(owner, path).status_code == 200
    Usuario.objects.filter(pk=teammate.pk).update(is_active=False)
    assert by_token(teammate, path).status_code == 401
    # Without their admin a vendedor is shut out, and an admin is who was switched off.
    Usuario.objects.filter(pk=teammate.pk).update(is_active=True)
    Usuario.objects.filter(pk=owner.pk).update(is_active=False)
    assert (by_token(teammate, path).status_code, by_token(owner, path).status_code) == (401, 401)


@pytest.mark.parametrize("word", ["Token", "Bearer"])
@pytest.mark.parametrize("scope", ["leer", "campanas", "todo"])
def test_the_quick_way_takes_every_key_that_may(owner: Usuario, word: str, scope: str) -> None:
    headers = {"Authorization": f"{word} {used(owner, scope)}"}
    with CaptureQueriesContext(connection) as queries:
        answer = APIClient(headers=headers).get(f"/api/v1/campanas/{running_campana(owner).pk}/progreso/")
    assert answer.status_code == 200
    assert sum("core_llaveapi" in query["sql"] for query in queries) == 1


LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
CLOSER: list[tuple[list[str], dict[str, Any], int]] = [
    (["clientes"], {}, 403),
    ([], {"vence_en": LONG_AGO}, 401),
    ([], {"revocada_en": LONG_AGO}, 401),
    ([], {"redes": ["192.0.2.0/24"]}, 403),
    ([], {"redes": ["127.0.0.0/8"]}, 200),
    ([], {"ultimo_uso_en": LONG_AGO}, 200),
    ([], {"ultimo_uso_en": None}, 200),
]


@pytest.mark.parametrize(("scopes", "fields", "status"), CLOSER)
def test_the_quick_way_leaves_to_the_other_what_needs_a_closer_look(
    owner: Usuario, scopes: list[str], fields: dict[str, Any], status: int
) -> None:
    key = used(owner, *scopes, **fields)
    answer = APIClient(headers={"Authorization": f"Token {key}"}).get(
        f"/api/v1/campanas/{running_campana(owner).pk}/progreso/"
    )
    assert answer.status_code == status
    if status == 200:
        assert LlaveApi.objects.filter(ultimo_uso_en__gt=LONG_AGO).exists()


def test_the_quick_way_counts_calls_as_the_other(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserThrottle, "rate", "3/min", raising=False)
    path = f"/api/v1/campanas/{running_campana(owner).pk}/progreso/"
    assert [by_token(owner, p).status_code for p in (path, f"{path}?x=1", path)] == [200] * 3
    refused = by_token(owner, path)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 60
