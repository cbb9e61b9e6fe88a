"""A virtual environment as production has it: requirements.txt alone.

It is made of links to what is installed here, of requirements.txt and of what those packages say that they need; so no
package is fetched, and one that is only ours is missing.
"""

import re
import subprocess
import sys
import sysconfig
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.docker.variables import ROOT


def needed() -> dict[str, Distribution]:
    """List the names of what pip installs for requirements.txt."""
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
