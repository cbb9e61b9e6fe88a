from pathlib import Path
from typing import Any

import pytest

from tests.docker.compose import render


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """docker-compose.yml with the smallest .env and every profile."""
    return render(tmp_path_factory.mktemp("compose"))


@pytest.fixture(scope="session")
def services(model: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = model["services"]
    return found


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A folder to render in."""
    return tmp_path
