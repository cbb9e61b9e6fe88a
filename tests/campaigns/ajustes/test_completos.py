"""No setting without its page, its API field, its name in the history, and its row in the documentation."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from campaigns.ajustes.api import VALORES, AjustesSerializer
from campaigns.ajustes.formularios import SECCIONES
from campaigns.ajustes.models import Ajustes
from campaigns.ajustes.nombres import AJUSTES
from campaigns.ajustes.reglas import REGLAS

NAMES = [field.name for field in Ajustes._meta.fields if not field.primary_key]
ROW = re.compile(r"^\| `(\w+)` \|.*\]\(\.\./(tests/[\w/]+\.py)\) \|$", re.MULTILINE)
ON_THE_PAGE = {name for form in SECCIONES.values() for name in form.base_fields} | {"ventanas"}  # a field for each day
DOC = (Path(settings.BASE_DIR) / "docs" / "ley.md").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_it_is_everywhere(name: str) -> None:
    assert name in REGLAS or name == "ventanas"
    assert name in ON_THE_PAGE
    assert name in AJUSTES
    assert name in AjustesSerializer.Meta.fields
    assert name in VALORES


def test_each_is_documented_with_the_test_that_the_engine_obeys() -> None:
    rows = dict(ROW.findall(DOC))
    assert set(rows) == set(NAMES)
    for path in rows.values():
        assert (Path(settings.BASE_DIR) / path).is_file(), path
