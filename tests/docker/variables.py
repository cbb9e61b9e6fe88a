"""The environment variables that the project reads, found in its code, and those that .env.example shows."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("core", "clientes", "campaigns", "workers")
EXAMPLE = ROOT / ".env.example"

# Objects that hold an environment, in the words of this project: environs' reader, os.environ, the stack's copy.
HOLDERS = {"env", "environ"}
READERS = {"get", "str", "int", "bool", "list", "float"}
NAME = re.compile(r"[A-Z][A-Z0-9_]+")
COMPOSE_READ = re.compile(r"\$\{([A-Z][A-Z0-9_]+)")
EXAMPLE_LINE = re.compile(r"^(# )?([A-Z][A-Z0-9_]+)=(.*)$")

# Read, but nobody's choice in .env.
NOT_FOR_OPERATORS = {
    "ENV_FILE",  # says where .env is, so it cannot be in it
    "WEB_BIND",  # the stack hands gunicorn its socket
    "XDG_RUNTIME_DIR",  # the login session's
    "NO_COLOR",  # the terminal's
    "TERM",
}


@dataclass(frozen=True)
class Read:
    """One place that reads a variable.

    Attributes:
        default: what it falls back to, when that is a constant.
    """

    name: str
    default: object
    place: str


@dataclass(frozen=True)
class Shown:
    """One variable of .env.example.

    Attributes:
        active: whether the line is in force, or commented out.
    """

    name: str
    value: str
    active: bool


def reads() -> list[Read]:
    """Every read of an environment variable in the project's Python code and docker-compose.yml."""
    found = [read for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) for read in reads_in(path)]
    compose = (ROOT / "docker-compose.yml").read_text()
    found += [Read(name, None, "docker-compose.yml") for name in COMPOSE_READ.findall(compose)]
    return [read for read in found if read.name not in NOT_FOR_OPERATORS]


def reads_in(path: Path) -> Iterator[Read]:
    text = path.read_text()
    if not any(holder in text for holder in HOLDERS):
        return
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Attribute(value=holder, attr=attr), args=[ast.Constant(value=str(name)), *rest]):
                default, is_read = constant(rest), attr in READERS
            # whole(env, "NAME", default, …) of the stack
            case ast.Call(args=[holder, ast.Constant(value=str(name)), *rest]):
                default, is_read = constant(rest), True
            case ast.Subscript(value=holder, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
                default, is_read = None, True
            case _:
                continue
        if is_read and is_environment(holder) and NAME.fullmatch(name):
            yield Read(name, default, f"{path.relative_to(ROOT)}:{node.lineno}")


def is_environment(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id in HOLDERS) or (
        isinstance(node, ast.Attribute) and node.attr in HOLDERS
    )


def constant(arguments: list[ast.expr]) -> object:
    return arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else None


def shown() -> list[Shown]:
    """The variables of .env.example, in its order."""
    lines = (EXAMPLE_LINE.match(line) for line in EXAMPLE.read_text().splitlines())
    return [Shown(line[2], line[3], active=line[1] is None) for line in lines if line]
