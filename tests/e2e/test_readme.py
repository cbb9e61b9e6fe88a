"""The README's tutorial, run as it is written, with only the port and the password filled in."""

import re
import subprocess

import pytest

from tests.e2e.system import PASSWORD, ROOT, System, until

pytestmark = pytest.mark.e2e
BLOCK = re.compile(r"<!-- tutorial -->\n```bash\n(.*?)```", re.S)


def bash(script: str) -> str:
    return subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_tutorial_works_as_printed(system: System) -> None:
    system.admin("admin")
    *steps, look = BLOCK.findall((ROOT / "README.md").read_text())
    assert len(steps) == 5
    script = "\n".join(steps).replace("http://localhost:8000", system.url)
    script = script.replace("the password that scripts/up printed", PASSWORD)
    printed = bash(script + '\nset | grep -E "^(API|TOKEN|CAMPANA)="')
    assert '"telefono_e164":"+573009876543"' in printed
    variables = "\n".join(re.findall(r"^(?:API|TOKEN|CAMPANA)=.*$", printed, re.M))

    done = until(lambda: bash(variables + "\n" + look), lambda printed: '"estado":"completado"' in printed)
    assert '"total":3,"pendientes":0,"enviando":0,"inciertos":0,"exitosos":2,"fallidos":1' in done
    assert '"codigo":"telefono_invalido","error":"El teléfono no es un número válido."' in done
