"""A client's last word about a phone, to any of the shops, and its proof."""

import hashlib
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from clientes.bajas.services import Prueba, dar_de_alta, dar_de_baja
from clientes.bajas.sql import LISTA_SQL, en_lista_sql, fuera_sql, huella, sin_baja
from clientes.models import Baja, Cliente, Fuente, RegistroBaja
from clientes.services import eliminar_cliente
from core.models import Usuario
from tests.factories import ClienteFactory

ANA, EVA = "+573001234567", "+573009876543"
NUMERO, SERVICIO = "+15005550006", "MG" + "0" * 32
SMS = Prueba(Fuente.SMS, remitente=NUMERO)
PAGINA = Prueba(Fuente.ENLACE)

pytestmark = pytest.mark.django_db


def fuera(tienda: Usuario, telefono: str = ANA, remitente: str = NUMERO) -> bool:
    """Ask the engine's question, in its own words."""
    question = fuera_sql(telefono="%(t)s", tienda="%(u)s", remitente="%(r)s")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {question}", {"t": telefono, "u": tienda.pk, "r": remitente})
        return bool(cursor.fetchone()[0])


def in_the_list(tienda: Usuario) -> bool:
    """Ask the preview's question."""
    question = f"WITH {LISTA_SQL} SELECT {en_lista_sql(telefono='%(t)s')}"
    with connection.cursor() as cursor:
        cursor.execute(question, {"t": ANA, "tenant": tienda.pk, "remitente": NUMERO})
        return bool(cursor.fetchone()[0])


def test_it_works(owner: Usuario, stranger: Usuario) -> None:
    assert not fuera(owner)
    assert dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA)
    assert fuera(owner)
    assert not fuera(owner, EVA)
    assert not fuera(stranger)
    assert dar_de_alta(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA)
    assert not fuera(owner)


def test_what_is_said_to_a_sender_is_said_to_every_shop_that_uses_it(owner: Usuario, stranger: Usuario) -> None:
    dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=SMS, remitentes=[NUMERO])
    assert fuera(stranger)
    assert not fuera(stranger, remitente=SERVICIO)
    assert fuera(owner, remitente=SERVICIO)  # it was this shop's client who spoke


def test_nobody_knows_whose_text_it_is(owner: Usuario) -> None:
    dar_de_baja(telefono=ANA, tienda_id=None, prueba=SMS, remitentes=[NUMERO])
    assert fuera(owner)
    assert RegistroBaja.objects.get().usuario is None
    dar_de_alta(telefono=ANA, tienda_id=None, prueba=SMS, remitentes=[NUMERO])
    assert not fuera(owner)


class TestComingBack:
    def test_the_clients_own_word_to_the_sender_lifts_what_was_said_to_it(
        self, owner: Usuario, stranger: Usuario
    ) -> None:
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=SMS, remitentes=[NUMERO])
        dar_de_baja(telefono=ANA, tienda_id=stranger.pk, prueba=SMS, remitentes=[NUMERO])
        dar_de_alta(telefono=ANA, tienda_id=stranger.pk, prueba=SMS, remitentes=[NUMERO])
        assert (fuera(owner), fuera(stranger)) == (False, False)
        altas = RegistroBaja.objects.filter(tipo="alta").order_by("usuario")
        assert {alta.usuario for alta in altas} == {owner, stranger}

    def test_the_words_said_to_one_shop_are_not_shown_to_another(self, owner: Usuario, stranger: Usuario) -> None:
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=SMS, remitentes=[NUMERO])
        words = Prueba(Fuente.SMS, texto="START. Vi su vitrina", sid="SM1", remitente=NUMERO)
        dar_de_alta(telefono=ANA, tienda_id=stranger.pk, prueba=words, remitentes=[NUMERO])
        assert RegistroBaja.objects.get(usuario=owner, tipo="alta").texto == ""
        assert RegistroBaja.objects.get(usuario=stranger, tipo="alta").texto == words.texto

    def test_it_lifts_nothing_that_was_said_elsewhere(self, owner: Usuario, stranger: Usuario) -> None:
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA)
        dar_de_alta(telefono=ANA, tienda_id=stranger.pk, prueba=SMS, remitentes=[NUMERO])
        assert fuera(owner)

    def test_the_shop_that_is_answered_may_write_again_whatever_made_it_stop(self, owner: Usuario) -> None:
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA)
        dar_de_alta(telefono=ANA, tienda_id=owner.pk, prueba=SMS, remitentes=[NUMERO])
        assert not fuera(owner)

    def test_a_word_to_the_shop_outlives_an_older_one_to_the_sender(self, owner: Usuario, stranger: Usuario) -> None:
        dar_de_baja(telefono=ANA, tienda_id=stranger.pk, prueba=SMS, remitentes=[NUMERO])
        dar_de_alta(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA)
        assert (fuera(owner), fuera(stranger)) == (False, True)
        dar_de_baja(telefono=ANA, tienda_id=stranger.pk, prueba=SMS, remitentes=[NUMERO])
        assert fuera(owner)

    def test_nothing_to_lift_is_no_news(self, owner: Usuario) -> None:
        assert not dar_de_alta(telefono=ANA, tienda_id=owner.pk, prueba=SMS, remitentes=[NUMERO])
        assert not Baja.objects.exists()
        assert not RegistroBaja.objects.exists()


class TestLateNews:
    """A refusal of Twilio's is told after the client came back: it is about an older message."""

    def ago(self, minutes: int) -> datetime:
        return timezone.now() - timedelta(minutes=minutes)

    def test_it_does_not_undo_a_later_word(self, owner: Usuario, stranger: Usuario) -> None:
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=SMS, remitentes=[NUMERO])
        dar_de_alta(telefono=ANA, tienda_id=owner.pk, prueba=SMS, remitentes=[NUMERO])
        old = Prueba(Fuente.TWILIO, remitente=NUMERO, momento=self.ago(5))
        assert not dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=old, remitentes=[NUMERO])
        assert not fuera(owner)
        assert not fuera(stranger)

    def test_a_new_refusal_counts(self, owner: Usuario) -> None:
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=Prueba(Fuente.ENLACE, momento=self.ago(9)))
        dar_de_alta(telefono=ANA, tienda_id=owner.pk, prueba=Prueba(Fuente.ENLACE, momento=self.ago(8)))
        new = Prueba(Fuente.TWILIO, remitente=NUMERO, momento=self.ago(7))
        assert dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=new, remitentes=[NUMERO])
        assert fuera(owner)

    def test_the_same_refusal_again_is_no_news(self, owner: Usuario) -> None:
        refusal = Prueba(Fuente.TWILIO, remitente=NUMERO, sid="SM1", momento=self.ago(1))
        for expected in (True, False, False):
            assert dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=refusal, remitentes=[NUMERO]) is expected
        assert RegistroBaja.objects.count() == 1

    def test_a_moment_of_the_future_is_now(self, owner: Usuario) -> None:
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL, momento=self.ago(-60)))
        assert dar_de_alta(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA)
        assert not fuera(owner)


def test_the_proof_is_kept(owner: Usuario) -> None:
    prueba = Prueba(
        Fuente.SMS, texto="¡BAJA!", sid="SM" + "1" * 32, remitente=NUMERO, campana_id=7, campana_nombre="Promo"
    )
    dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=prueba, remitentes=[NUMERO])
    registro = RegistroBaja.objects.get()
    assert (registro.tipo, registro.fuente, registro.telefono, registro.texto) == ("baja", "sms", ANA, "¡BAJA!")
    assert (registro.remitente, registro.sid, registro.campana_id) == (NUMERO, prueba.sid, 7)
    assert (registro.campana_nombre, registro.quien) == ("Promo", None)
    assert timezone.now() - registro.momento < timedelta(minutes=1)


def test_every_time_that_the_client_says_it_is_kept(owner: Usuario) -> None:
    for sid in ("SM1", "SM2"):
        dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=Prueba(Fuente.SMS, sid=sid))
    assert RegistroBaja.objects.count() == 2
    assert Baja.objects.count() == 1


def test_deleting_and_making_the_client_again_changes_nothing(owner: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=owner, telefono=ANA)
    dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA)
    eliminar_cliente(cliente=cliente)
    ClienteFactory.create(usuario=owner, telefono="300 123 45 67")
    assert fuera(owner)


def test_the_preview_and_django_ask_the_same_as_the_engine(owner: Usuario, stranger: Usuario) -> None:
    """Every history of up to three words, to the shop and to the sender, in every order."""
    words = {
        "baja": lambda: dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA),
        "stop": lambda: dar_de_baja(telefono=ANA, tienda_id=stranger.pk, prueba=SMS, remitentes=[NUMERO]),
        "alta": lambda: dar_de_alta(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA),
        "start": lambda: dar_de_alta(telefono=ANA, tienda_id=stranger.pk, prueba=SMS, remitentes=[NUMERO]),
    }
    ClienteFactory.create(usuario=owner, telefono=ANA)
    histories = [(a, b, c) for a in words for b in words for c in words]
    seen = set()
    for history in histories:
        with transaction.atomic():
            for word in history:
                words[word]()
            out = fuera(owner)
            assert in_the_list(owner) is out, history
            assert sin_baja(Cliente.objects.all(), tienda_id=owner.pk, remitente=NUMERO).exists() is not out, history
            seen.add((history[-1], out))
            transaction.set_rollback(True)
    assert seen >= {("baja", True), ("stop", True), ("alta", False), ("start", False), ("start", True)}
    assert {("alta", True), ("baja", False), ("stop", False)}.isdisjoint(seen)


def test_the_table_alone_does_not_tell_whose_phone_was_erased(owner: Usuario) -> None:
    """All phones of a country are hashed in minutes: the fingerprint needs a key, which no row holds."""
    dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA)
    plain = hashlib.sha256(ANA.encode()).digest()
    for model in (Baja, RegistroBaja):
        row = model.objects.get(huella=huella(ANA))
        assert bytes(row.huella) != plain
        assert not model.objects.filter(huella=plain).exists()


def test_an_upgrade_loses_no_opt_out(owner: Usuario, stranger: Usuario) -> None:
    """The fingerprints of before had no key; of an erased phone nothing else is known."""
    luz = "+573005550001"
    dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA)
    dar_de_baja(telefono=EVA, tienda_id=stranger.pk, prueba=SMS, remitentes=[NUMERO])
    dar_de_baja(telefono=luz, tienda_id=owner.pk, prueba=PAGINA)
    dar_de_alta(telefono=luz, tienda_id=owner.pk, prueba=PAGINA)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE clientes_baja DROP CONSTRAINT baja_de_esta_llave")
        cursor.execute("DROP INDEX cliente_por_huella")  # made later
        cursor.execute("DROP FUNCTION clientes_huella")
        for table in ("clientes_baja", "clientes_registrobaja"):
            cursor.execute(f"ALTER TABLE {table} RENAME marca TO huella")
            cursor.execute(f"UPDATE {table} SET huella = sha256(convert_to(telefono, 'UTF8'))")
            cursor.execute(f"UPDATE {table} SET telefono = '' WHERE telefono <> %s", [luz])
    loader = MigrationExecutor(connection).loader
    before = loader.project_state(("clientes", "0012_consentimientos_de_antes"))
    with connection.schema_editor() as editor:
        for name in ("0013_huella_con_llave", "0014_huella_de_esta_llave"):
            before = loader.get_migration("clientes", name).apply(before, editor)
    assert (fuera(owner), fuera(owner, EVA), fuera(stranger, EVA), fuera(owner, luz)) == (True, True, True, False)
    assert (in_the_list(owner), fuera(stranger)) == (True, False)
    assert RegistroBaja.objects.filter(huella=huella(luz)).count() == 2
    assert not dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=PAGINA)  # it is known
