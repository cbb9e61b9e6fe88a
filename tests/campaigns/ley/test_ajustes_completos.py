"""No setting without its page, its API field, its name in the history, and its row in the documentation."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from campaigns.api.ajustes import VALORES, AjustesSerializer
from campaigns.ley.nombres import AJUSTES
from campaigns.ley.reglas import REGLAS
from campaigns.models import Ajustes
from campaigns.pages.ajustes_form import SECCIONES

NAMES = [field.name for field in Ajustes._meta.fields if not field.primary_key]
ROW = re.compile(r"^\| `(\w+)` \|.*\[(\w+\.py)::(test_\w+)\]\(\.\./(tests/[\w/]+\.py)\) \|$", re.MULTILINE)
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
    rows = ROW.findall(DOC)
    assert sorted(name for name, *_ in rows) == sorted(NAMES)
    for name, shown, function, path in rows:
        file = Path(settings.BASE_DIR) / path
        assert file.name == shown, name
        assert re.search(rf"^ *def {function}\(", file.read_text(), re.MULTILINE), (name, function)
