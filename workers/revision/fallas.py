"""One thing that is wrong, in words for the person who runs the installation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Falla:
    """One fault.

    Args:
        codigo: its name, for programs and tests.
        texto: what is wrong, without a full stop.
        remedio: what to do about it, a sentence.
        grave: messages or replies are lost; else only proof, money or comfort is.
    """

    codigo: str
    texto: str
    remedio: str
    grave: bool = True

    def __str__(self) -> str:
        return f"{self.texto}. {self.remedio}"
