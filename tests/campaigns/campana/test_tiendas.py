"""A shop that an operator disables sends nothing more, and an operator can stop any campaign."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db.models.functions import Now
from django.test import Client

from campaigns.campana.tiendas import DESHABILITADA
from campaigns.models import CampanaSMS, Suceso
from core.models import Usuario
from tests.factories import AdminFactory, CampanaFactory, ClienteFactory, VendedorFactory
from workers.engine.campaign import campana as engine
from workers.engine.publish import chords
from workers.engine.rounds import sweeper

# Django's `Now` is the time of the statement, and `now()` in the engine's SQL that of the transaction: here the test's,
# which may have begun some seconds before.
AGO = timedelta(hours=1)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the Lotes that were published, instead of a broker that no worker reads."""
    seen: list[int] = []
    monkeypatch.setattr(chords, "publish", lambda *, lote_id, **options: seen.append(lote_id))
    return seen


@pytest.fixture
def campana(owner: Usuario) -> CampanaSMS:
    clientes = ClienteFactory.create_batch(3, usuario=owner)
    found = CampanaFactory.create(usuario=owner, total_clientes=3)
    found.lotes.create(numero=1, cliente_ids=[c.pk for c in clientes], total=3)
    return found


def ready() -> list[int]:
    return [row[0] for row in sweeper._rows(sweeper.READY_SQL, sweeper.ready_params())]


def by_save(usuario: Usuario) -> None:
    usuario.is_active = False
    usuario.save(update_fields=["is_active"])


def by_statement(usuario: Usuario) -> None:
    Usuario.objects.filter(pk=usuario.pk).update(is_active=False)


BY = {"save": by_save, "statement": by_statement}
Disable = Callable[[Usuario], None]
by_any = pytest.mark.parametrize("disable", BY.values(), ids=BY)


def test_one_that_runs_pauses_at_once(campana: CampanaSMS, owner: Usuario, published: list[int]) -> None:
    engine.advance(campana.pk)
    by_save(owner)
    campana.refresh_from_db()
    assert (campana.estado, campana.motivo) == ("pausado", DESHABILITADA)
    assert Suceso.objects.filter(campana=campana).latest("pk").tipo == "pausada"


@by_any
def test_nothing_more_is_sent(campana: CampanaSMS, owner: Usuario, published: list[int], disable: Disable) -> None:
    CampanaSMS.objects.filter(pk=campana.pk).update(estado="procesando", iniciado_en=Now())
    disable(owner)
    for campana_id in [*ready(), campana.pk]:
        engine.advance(campana_id)
    campana.refresh_from_db()
    assert (campana.estado, campana.motivo) == ("pausado", DESHABILITADA)
    assert published == ready() == []


@by_any
def test_what_has_not_started_does_not(
    campana: CampanaSMS, owner: Usuario, published: list[int], disable: Disable
) -> None:
    disable(owner)
    CampanaSMS.objects.filter(pk=campana.pk).update(programada_para=Now() - AGO)
    assert ready() == []
    engine.advance(campana.pk)
    campana.refresh_from_db()
    assert (campana.estado, published) == ("pendiente", [])
    Usuario.objects.update(is_active=True)
    assert ready() == [campana.pk]


@by_any
def test_one_that_a_cap_paused_does_not_go_on_by_itself(
    campana: CampanaSMS, owner: Usuario, published: list[int], disable: Disable
) -> None:
    CampanaSMS.objects.filter(pk=campana.pk).update(estado="pausado", reanuda_en=Now() - AGO)
    disable(owner)
    assert ready() == []
    engine.advance(campana.pk)
    campana.refresh_from_db()
    assert (campana.estado, published) == ("pausado", [])


def test_the_other_shops_go_on(campana: CampanaSMS, published: list[int]) -> None:
    engine.advance(campana.pk)
    by_save(AdminFactory.create())
    by_save(VendedorFactory.create(creado_por=campana.usuario))
    campana.refresh_from_db()
    assert campana.estado == "procesando"


class TestInTheAdmin:
    @pytest.fixture
    def operator(self, db: None) -> Usuario:
        return AdminFactory.create(username="operadora", is_staff=True, is_superuser=True)

    def act(self, user: Usuario, action: str, *campanas: CampanaSMS) -> str:
        client = Client()
        client.force_login(user)
        data = {"action": action, "_selected_action": [campana.pk for campana in campanas]}
        return client.post("/admin/campaigns/campanasms/", data, follow=True).content.decode()

    @pytest.mark.parametrize(
        ("action", "estado", "motivo", "tipo"),
        [
            ("pausar", "pausado", "La pausó operadora.", "pausada"),
            ("cancelar", "cancelado", "La canceló operadora.", "cancelada"),
        ],
    )
    def test_an_operator_stops_any_campaign(
        self, campana: CampanaSMS, operator: Usuario, action: str, estado: str, motivo: str, tipo: str
    ) -> None:
        CampanaSMS.objects.update(estado="procesando", iniciado_en=Now())
        by_statement(campana.usuario)
        self.act(operator, action, campana)
        campana.refresh_from_db()
        assert (campana.estado, campana.motivo) == (estado, motivo)
        suceso = Suceso.objects.filter(campana=campana).latest("pk")
        assert (suceso.tipo, suceso.usuario) == (tipo, operator)

    def test_what_is_not_possible_is_said(self, campana: CampanaSMS, operator: Usuario) -> None:
        assert "la campaña aún no ha empezado" in self.act(operator, "pausar", campana)
        campana.refresh_from_db()
        assert campana.estado == "pendiente"

    def test_who_may_only_look_stops_nothing(self, campana: CampanaSMS, operator: Usuario) -> None:
        operator.is_superuser = False
        operator.save()
        operator.user_permissions.set([permission("view_campanasms")])
        self.act(operator, "cancelar", campana)
        campana.refresh_from_db()
        assert campana.estado == "pendiente"
        operator.user_permissions.add(permission("change_campanasms"))
        self.act(operator, "cancelar", campana)
        campana.refresh_from_db()
        assert campana.estado == "cancelado"


def permission(codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label="campaigns", codename=codename)
