"""A large audience is judged by counts as it is client by client, whatever is written meanwhile."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from campaigns.audiencia import conteo, medida
from campaigns.audiencia.juicio import EXCLUSIONES, parametros
from campaigns.audiencia.medida import medir, sumas_de
from campaigns.audiencia.seleccion import Audiencia, Llamado, Seleccion, leer_medida
from campaigns.ley.selectors import ajustes_de
from campaigns.models import EventoGancho, Gancho
from campaigns.remitentes import valor_de
from campaigns.values import codigos
from campaigns.values.horario import dia_de
from campaigns.vista_previa import costo
from campaigns.vista_previa.costo import codigos_de, grupos_de, juzgar
from campaigns.vista_previa.elegibles import etiquetas
from clientes import conteos
from clientes.bajas.services import Prueba, dar_de_baja
from clientes.bajas.sql import LISTA_SQL
from clientes.importacion import lote
from clientes.importacion.por_telefono import Persona, hallar_o_crear
from clientes.models import Baja, Cliente, Compartido, Contada, Conteo, Etiqueta, Fuente, Novedad
from clientes.services import anonimizar_cliente
from core.models import Usuario
from tests.factories import ClienteFactory, EtiquetaFactory
from tests.plans import Planner
from tests.workers.engine.lote.test_acuerdo import MUNDOS, PHONES, Mundo, build

NAMES: Final = ("Ana", "José Núñez", "Íngrid Ñusta de la Ó", "Eva 👍", "", "Jhon'", "Ana Lucía\u0301")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the smallest shop be judged by its counts, however many of its clients need a look of their own."""
    monkeypatch.setattr(medida, "DESDE", 1)
    monkeypatch.setattr(conteo, "DESDE", 1)
    monkeypatch.setattr(costo, "DESDE", 1)
    monkeypatch.setattr(conteo, "PARTE", Decimal("0.001"))


def change(owner: Usuario, tags: list[Etiqueta], by: random.Random) -> None:
    """Write to the shop's clients as pages, programs and files do."""
    pks = list(Cliente.objects.filter(usuario=owner).values_list("pk", flat=True))
    for pk in by.sample(pks, 8):
        cliente = Cliente.objects.get(pk=pk)
        cliente.telefono, cliente.nombre = by.choice(PHONES), by.choice(NAMES)
        cliente.activo = by.random() < 0.8
        cliente.save()
        cliente.etiquetas.set(by.sample(tags, by.randint(0, 2)))
    Cliente.objects.filter(pk__in=by.sample(pks, 6)).update(activo=False)
    Cliente.objects.filter(pk__in=by.sample(pks, 6)).update(
        consentimiento_en=date(2026, 3, 1), consentimiento_fuente="A"
    )
    Cliente.objects.filter(pk__in=by.sample(pks, 3)).delete()
    for n in range(3):
        ClienteFactory.create(usuario=owner, nombre=f"Nuevo {n}", telefono=by.choice(PHONES))
    # A call that names people by their phones, one with many clients, and somebody whose data are erased.
    called = [Persona(phone, phone, movil=True, pais="CO") for phone in (*by.sample(PHONES[:24], 3), "+573009990000")]
    hallar_o_crear(tienda_id=owner.pk, personas=called, origen="Campaña")
    filas = [
        {"telefono": phone, "nombre": by.choice(NAMES) or "Luz", "etiquetas": [by.choice(tags).pk]}
        for phone in (*by.sample(PHONES[:24], 4), f"+57301{by.randrange(10**7):07d}")
    ]
    lote.guardar(usuario=owner, clave="telefono", filas=filas, todo_o_nada=False)
    erasable = Cliente.objects.filter(usuario=owner, anonimizado_en=None).order_by("pk")
    anonimizar_cliente(cliente=by.choice(list(erasable)))
    dar_de_baja(telefono=PHONES[by.randrange(24)], tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
    # Its owner asked to be forgotten: the phone is known by its hash alone.
    Baja.objects.filter(pk=Baja.objects.filter(usuario=owner).latest("pk").pk).update(telefono="")


def of(groups: list[Any]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for g in groups:
        found[g.codigo, g.nombre, g.pais] += g.cantidad
        found["sin consentimiento"] += g.sin_consentimiento
        found["no celulares"] += g.no_celulares
    return +found


@runs(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mundo=MUNDOS, seed=st.integers(0, 10_000), steps=st.lists(st.sampled_from(["contar", "sumar", ""]), max_size=3))
@pytest.mark.usefixtures("counted")
def test_counts_say_what_the_clients_say(owner: Usuario, mundo: Mundo, seed: int, steps: list[str]) -> None:
    with transaction.atomic():
        by = random.Random(seed)
        tags = [EtiquetaFactory.create(usuario=owner, nombre=name) for name in ("VIP", "Otra")]
        # Another trigger tells of the same statements.
        tipos = ["cliente.creado", "cliente.actualizado"]
        Gancho.objects.create(usuario=owner, url="https://tienda.co/", tipos=tipos, secreto="x")
        if by.random() < 0.3:  # the triggers have seen all of it
            conteos.contar(owner.pk)
        ids = build(owner, mundo)
        for tag in tags:
            tag.clientes.add(*by.sample(ids, 10))
        conteos.contar(owner.pk)
        for step in ["", *steps]:
            change(owner, tags, by)
            if step:
                getattr(conteos, step)(owner.pk)
        ajustes = ajustes_de(owner.pk)
        dia = dia_de(ajustes.zona, timezone.now())
        siempre = mundo.clase != "promocional"
        params = parametros(ajustes, dia=dia, remitente=valor_de(None), a_toda_hora=siempre)
        vip = Seleccion(etiquetas=(tags[0].pk,))
        for audiencia in (Audiencia.todos(), Audiencia(vip), Audiencia(Seleccion(todos=True), vip)):
            read = juzgar(audiencia, params, costo.TODAS_SQL + costo.GRUPOS_SQL)
            assert conteo.juzgar_por_conteo(audiencia, params, costo.GRUPOS_SQL) is not None
            said = grupos_de(audiencia, ajustes=ajustes, dia=dia, a_toda_hora=siempre)
            assert of(said) == of(costo.grupos_en(read))
            assert medir(audiencia, tenant_id=owner.pk) == leer_medida(audiencia, tenant_id=owner.pk)
        said_of_tags: list[Any] = list(etiquetas(owner))
        assert {tag.pk: tag.cuantos for tag in said_of_tags} == {
            tag.pk: tag.clientes.filter(activo=True).count() for tag in tags
        }
        assert not Conteo.objects.filter(n=0, sumado=True).exists()
        assert EventoGancho.objects.values("tipo").distinct().count() == 2
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("audiencia", "counted"),
    [
        (Audiencia.todos(), True),
        (Audiencia(Seleccion(etiquetas=(7,))), True),
        (Audiencia(Seleccion(todos=True), Seleccion(etiquetas=(7,))), True),
        # One client may be of both.
        (Audiencia(Seleccion(etiquetas=(7, 8))), False),
        (Audiencia(Seleccion(todos=True), Seleccion(etiquetas=(7, 8))), False),
        (Audiencia(Seleccion(etiquetas=(7,)), Seleccion(etiquetas=(8,))), False),
        # Somebody who was named is in it, active or not.
        (Audiencia(Seleccion(todos=True, cliente_ids=(1,))), False),
        (Audiencia(Seleccion(etiquetas=(7,), cliente_ids=(1,))), False),
        (Audiencia(Seleccion(todos=True), Seleccion(cliente_ids=(1,))), False),
        (Audiencia(Seleccion(segmento=3)), False),
        (Audiencia(Seleccion(todos=True), Seleccion(segmento=3)), False),
        (Audiencia.de_ids([1, 2]), False),
        # Whom a call names has a text of their own.
        (Audiencia(Seleccion(todos=True), llamados=(Llamado(1, "Ana", {}),)), False),
    ],
)
def test_only_sums_of_counts_are_counted(audiencia: Audiencia, counted: bool) -> None:
    assert (sumas_de(audiencia) is not None) is counted


def test_who_is_out_is_found_by_an_index_of_fingerprints(planner: Planner, owner: Usuario) -> None:
    """The fingerprint is all that is known of an erased phone."""
    [baja] = [one for one in EXCLUSIONES if one.code == codigos.BAJA]
    assert baja.hechos
    plan = planner.explain(
        f"WITH {LISTA_SQL} {conteo.de_hechos(baja.hechos)}", {"tenant": owner.pk, "remitente": "+12025550100"}
    )
    assert "cliente_por_huella" in plan, plan
    with connection.cursor() as cursor:
        cursor.execute(r"SELECT clientes_huella('+57\x'), provolatile FROM pg_proc WHERE proname = 'clientes_huella'")
        found, volatility = cursor.fetchone()
    assert (len(found), volatility) == (32, "i")  # any text has one, and an index may hold it


def test_the_called_are_judged_one_by_one(owner: Usuario) -> None:
    """The others are counted beside them, each once."""
    ana = ClienteFactory.create(usuario=owner, nombre="Ana", telefono="3001112233")
    ClienteFactory.create(usuario=owner, nombre="Eva", telefono="6012345678")
    llamados = (Llamado(ana.pk, "Anita", {"pedido": "7"}), Llamado(-2, "Luz", {}, codigo="telefono_invalido"))
    audiencia = Audiencia(Seleccion(todos=True), llamados=llamados)
    grupos = grupos_de(audiencia, ajustes=ajustes_de(owner.pk), dia=timezone.localdate())
    assert [(g.codigo, g.nombre, g.cantidad, g.no_celulares, g.valores) for g in grupos] == [
        ("", "aaaaa", 1, 0, (("pedido", "a"),)),
        ("telefono_invalido", "", 1, 0, ()),
        ("", "aaa", 1, 1, ()),
    ]
    assert medir(audiencia, tenant_id=owner.pk).total == 3


@pytest.mark.usefixtures("counted")
def test_a_shop_that_nobody_has_counted_is_read(owner: Usuario) -> None:
    """The counts know nothing of the clients who were there before the triggers."""
    ClienteFactory.create_batch(3, usuario=owner)
    Conteo.objects.all().delete()
    ajustes = ajustes_de(owner.pk)

    assert medir(Audiencia.todos(), tenant_id=owner.pk).total == 3
    assert codigos_de(Audiencia.todos(), ajustes=ajustes, dia=timezone.localdate(), remitente=None)[""] == 3
    assert conteos.activos_por_etiqueta(owner.pk) is None

    assert conteos.atender() >= 1
    assert Contada.objects.filter(usuario_id=owner.pk).exists()
    assert medir(Audiencia.todos(), tenant_id=owner.pk).total == 3


def test_who_leaves_leaves_nothing_behind(owner: Usuario) -> None:
    ClienteFactory.create_batch(2, usuario=owner, telefono="3001112233")
    conteos.contar(owner.pk)
    assert Compartido.objects.count() == 2
    Cliente.objects.filter(usuario=owner).delete()
    conteos.contar(owner.pk)
    assert not Conteo.objects.exists()
    assert not Compartido.objects.exists()
    assert not Novedad.objects.exists()


def test_much_that_was_written_is_summed(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    ClienteFactory.create_batch(2, usuario=owner, telefono="3001112233")
    conteos.contar(owner.pk)
    assert conteos.atender() == 0
    monkeypatch.setattr(conteos, "FILAS", 2)
    for n in range(3):
        ClienteFactory.create(usuario=owner, nombre=f"Eva {n}", telefono="3001112234")
    assert conteos.atender() == 1
    assert not Conteo.objects.filter(sumado=False).exists()
    assert Compartido.objects.count() == 5
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(n) FROM clientes_conteo WHERE usuario_id = %s", [owner.pk])
        assert cursor.fetchone() == (5,)


def elsewhere(work: Callable[[], object]) -> threading.Thread:
    """Do it in another connection."""

    def do() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=do)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("counted")
def test_writers_who_do_not_see_each_other_are_counted_once(owner: Usuario) -> None:
    """A tag put on while its client changes, and two clients of one phone, who are summed between the two commits."""
    tag = EtiquetaFactory.create(usuario=owner)
    ana, eva = (ClienteFactory.create(usuario=owner, nombre=name, telefono="") for name in ("Ana", "Eva"))
    conteos.contar(owner.pk)
    with transaction.atomic():
        ana.nombre, ana.telefono = "Ana Lucía", "3001112233"
        ana.save()
        tagging = elsewhere(lambda: ana.etiquetas.add(tag))
        elsewhere(lambda: ClienteFactory.create(usuario=owner, telefono="3001112233")).join()
        elsewhere(lambda: conteos.sumar(owner.pk)).join()
        while not waiting():
            assert tagging.is_alive(), "the tag did not wait for its client"
    tagging.join()
    eva.etiquetas.add(tag)

    ajustes, dia = ajustes_de(owner.pk), timezone.localdate()
    for audiencia in (Audiencia.todos(), Audiencia(Seleccion(etiquetas=(tag.pk,)))):
        counted = of(grupos_de(audiencia, ajustes=ajustes, dia=dia))
        read = juzgar(audiencia, parametros(ajustes, dia=dia, remitente=""), costo.TODAS_SQL + costo.GRUPOS_SQL)
        assert counted == of(costo.grupos_en(read))
    assert of(grupos_de(Audiencia.todos(), ajustes=ajustes, dia=dia))["telefono_duplicado", "", ""] == 1


def waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT wait_event_type, query FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        return any(kind == "Lock" and "clientes_cliente_etiquetas" in query for kind, query in cursor.fetchall())
