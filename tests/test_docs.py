"""The documents name files, headings and tests; each of them is there."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest
from drf_spectacular.generators import SchemaGenerator

from core import __version__

ROOT: Final = Path(__file__).resolve().parents[1]
DOCS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK: Final = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
# `campaigns/values/estados.py` or `docs/`, in backquotes; names with a placeholder or a brace are patterns.
PATH: Final = re.compile(r"`((?:core|clientes|campaigns|workers|local|tests|docs|scripts)/[\w./-]*)`")

documents = pytest.mark.parametrize("document", DOCS, ids=lambda document: document.name)


def slugs(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@documents
def test_every_link_leads_somewhere(document: Path) -> None:
    for target, anchor in LINK.findall(document.read_text()):
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), target
        assert not anchor or anchor in slugs(path.read_text()), f"{target}#{anchor}"


@documents
def test_every_path_exists(document: Path) -> None:
    for path in PATH.findall(document.read_text()):
        assert (ROOT / path).exists(), path


@documents
def test_every_test_that_is_named_exists(document: Path) -> None:
    for name, path in re.findall(r"\[[\w.]+::(\w+)\]\(([^)]+)\)", document.read_text()):
        tree = ast.parse((document.parent / path).read_text())
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{path}::{name}"


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert next(version for version in versions if version != "Unreleased") == __version__


def test_the_api_says_this_version() -> None:
    assert SchemaGenerator().get_schema(public=True)["info"]["version"] == __version__
