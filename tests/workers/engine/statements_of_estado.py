"""Finding what writes an estado: in SQL, by reading the statements, and in Python, by reading the code."""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
PACKAGES: Final = ("campaigns", "workers")
TABLE: Final = r"campaigns_(smslog|lote|campanasms)\b"
WRITES: Final = re.compile(rf"\b(?:UPDATE|INSERT INTO) {TABLE}")
# What writes a row through a queryset or a model.
ORM: Final = {"update", "create", "get_or_create", "update_or_create", "acreate", "aupdate"}
# Here a dict with an estado is an answer or a page's context, never a row to be written.
SHOWN: Final = ("campaigns/api/", "campaigns/pages/", "campaigns/templatetags/")


@dataclass(frozen=True, slots=True)
class Write:
    """An UPDATE or INSERT of an estado.

    Args:
        table: of campaigns, without the package.
        sources: the estados that its WHERE names; empty for an INSERT, or when the guard stands elsewhere.
        targets: what it sets; empty when a parameter decides.
    """

    table: str
    sources: frozenset[str]
    targets: frozenset[str]
    is_new: bool = False


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                parts = path.relative_to(ROOT).with_suffix("").parts
                yield ".".join(parts).removesuffix(".__init__"), path


def constants() -> Iterator[tuple[str, str]]:
    """The statements that product modules keep as constants, as PostgreSQL gets them, by dotted name."""
    for name, path in modules():
        tree = ast.parse(path.read_text())
        for node in tree.body:
            for target in _assigned(node):
                if isinstance(target, ast.Name):
                    value = getattr(importlib.import_module(name), target.id)
                    if isinstance(value, str) and WRITES.search(value):
                        yield f"{name}.{target.id}", value


def _assigned(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) and node.value else []


def in_code() -> Iterator[str]:
    """The functions that write an estado otherwise, by dotted name: through the ORM, or by SQL of their own."""
    for name, path in modules():
        tree = ast.parse(path.read_text())
        shown = str(path.relative_to(ROOT)).startswith(SHOWN)
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                nodes = [node for statement in function.body for node in ast.walk(statement)]
                if any(_writes(node, shown=shown) for node in nodes):
                    yield f"{name}.{function.name}"


def _writes(node: ast.AST, *, shown: bool) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=attr), keywords=keywords) if attr in ORM:
            return any(keyword.arg == "estado" for keyword in keywords)
        case ast.Call(func=ast.Name(id=("CampanaSMS" | "Lote" | "SMSLog")), keywords=keywords):
            return any(keyword.arg == "estado" for keyword in keywords)
        case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value="estado"), *_]):
            return True
        case ast.Assign(targets=targets):
            flat = [one for target in targets for one in ast.walk(target)]
            return any(isinstance(one, ast.Attribute) and one.attr == "estado" for one in flat)
        case ast.Dict(keys=keys):
            return not shown and any(isinstance(key, ast.Constant) and key.value == "estado" for key in keys)
        case ast.Constant(value=str(text)):
            return bool(WRITES.search(text) and "estado" in text)
    return False


def writes(sql: str) -> list[Write]:
    """The writes of an estado in a statement, in its order."""
    sql = re.sub(r"--[^\n]*", "", sql)
    found = []
    for match in WRITES.finditer(sql):
        text = _whole(sql[match.start() :])
        write = _update(text) if text.startswith("UPDATE") else _insert(text)
        if write:
            found.append(write)
    return found


def _whole(text: str) -> str:
    """The statement up to the parenthesis that closes around it, without its sub-selects."""
    kept, depth, skipped = [], 0, 0
    for n, char in enumerate(text):
        if char == "(":
            depth += 1
            if not skipped and re.match(r"\(\s*SELECT\b", text[n:]):
                skipped = depth
        elif char == ")":
            if depth == 0:
                break
            if skipped == depth:
                skipped = 0
                depth -= 1
                continue
            depth -= 1
        if not skipped:
            kept.append(char)
    return re.sub(r"\s+", " ", "".join(kept)).strip()


def _split(text: str) -> list[str]:
    """Split at the commas that stand in no parenthesis."""
    parts, depth = [""], 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def _update(text: str) -> Write | None:
    match = re.match(rf"UPDATE {TABLE}(?: (?:AS )?(?!SET)(\w+))? SET (.*?)(?: FROM (?:.*?))? WHERE (.*)", text)
    assert match, f"an UPDATE without WHERE: {text}"
    table, alias, assigned, where = match.groups()
    expression = next((part.split(" = ", 1)[1] for part in _split(assigned) if part.startswith("estado = ")), None)
    if expression is None:
        return None
    return Write(table, frozenset(_sources(where, alias)), frozenset(_targets(expression)))


def _insert(text: str) -> Write | None:
    match = re.match(rf"INSERT INTO {TABLE} \((.*?)\) SELECT (.*?) FROM ", text)
    assert match, f"an INSERT that is not read: {text}"
    table, columns, values = match.groups()
    place = _split(columns).index("estado")
    return Write(table, frozenset(), frozenset(_targets(_split(values)[place])), is_new=True)


def _targets(expression: str) -> set[str]:
    if expression.startswith("CASE"):
        return set(re.findall(r"(?:THEN|ELSE) '(\w+)'", expression))
    return set(re.findall(r"^'(\w+)'$", expression))


def _sources(where: str, alias: str | None) -> set[str]:
    column = rf"(?<![\w.]){alias}\.estado" if alias else r"(?<![\w.])estado"
    found = set(re.findall(rf"{column} = '(\w+)'", where))
    for many in re.findall(rf"{column} IN \(([^)]*)\)", where):
        found |= set(re.findall(r"'(\w+)'", many))
    for cases in re.findall(rf"CASE {column} (WHEN .*?) END", where):
        found |= {estado for estado, then in re.findall(r"WHEN '(\w+)' THEN (\w+)", cases) if then != "false"}
    return found
