"""Screenshots of the operator's pages; scripts/screenshots runs this."""

from core.models import Usuario
from tests.browser import operador
from tests.browser.conftest import SignIn
from tests.browser.screenshots import shoot


def test_the_operators_pages(owner: Usuario, sign_in: SignIn) -> None:
    operador.ascender(owner)
    page = sign_in(owner)
    shoot(page, "cierres-vacio", "/cierres/")
    shoot(page, "revision-vacia", "/twilio/revision/")
    found = operador.cierres()
    shoot(page, "cierres", "/cierres/")
    shoot(page, "cierre", f"/cierres/{found.pk}/")
    operador.revision()
    shoot(page, "revision", "/twilio/revision/")
