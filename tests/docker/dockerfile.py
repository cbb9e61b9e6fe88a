"""The Dockerfile's instructions, read as far as the tests need."""

import json
from dataclasses import dataclass

from tests.docker.variables import ROOT

DOCKERFILE = ROOT / "Dockerfile"


@dataclass(frozen=True)
class Instruction:
    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """An exec form's list, or the words of the text without its options."""
        start = self.text.find("[")
        if self.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK") and start >= 0:
            words: list[str] = json.loads(self.text[start:])
            return words
        return [word for word in self.text.split() if not word.startswith("--")]


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, each beginning with its FROM; what precedes the first FROM is left out."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    found: list[list[Instruction]] = []
    for line in "\n".join(lines).replace("\\\n", "").splitlines():
        name, _, text = line.partition(" ")
        if name == "FROM":
            found.append([])
        if line.strip() and found:
            found[-1].append(Instruction(name, text.strip()))
    return found


def final() -> list[Instruction]:
    """The stage that becomes the image."""
    return stages()[-1]


def all_of(name: str) -> list[Instruction]:
    """The image's instructions of one name, in order."""
    return [instruction for instruction in final() if instruction.name == name]
