"""The docstrings are plain sentences: each opens by naming or doing something, not with a riddle or a bare section."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDERS: Final = ("core", "clientes", "campaigns", "workers", "local", "tests")
# "Of one that made a campaign, how it stands." and "Whose the token is." make the reader look for the subject. Write
# "The campaign's state." or "Return the token's user."
RIDDLES: Final = (
    *("Of", "By", "Whose", "Who", "Whom", "Whoever", "What", "Whatever", "Whether", "How", "Which", "That", "Those"),
    *("As", "For", "To", "From", "When", "Where", "While", "Without", "So", "Also", "Not"),
)
BAD_START: Final = re.compile(rf"(?:{'|'.join(RIDDLES)})\b|(?:Args|Attributes|Raises|Returns|Yields):")
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Documented) and (text := ast.get_docstring(node)):
            yield node.body[0].lineno, text


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_docstring_opens_with_a_plain_sentence(folder: str) -> None:
    paths = [path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts]
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text[:60]!r}"
        for path in paths
        for line, text in docstrings(path)
        if BAD_START.match(text)
    ]
    assert paths
    assert found == []


@pytest.mark.parametrize(
    "text", ["Of one that made a campaign.", "Whose the token is.", "Raises:\n    ValueError: no."]
)
def test_it_sees_a_riddle(text: str) -> None:
    assert BAD_START.match(text)


@pytest.mark.parametrize("text", ["Offer clients.", "Return the token's user.", "Whatsapp is another thing."])
def test_it_passes_a_sentence(text: str) -> None:
    assert not BAD_START.match(text)
