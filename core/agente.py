"""A browser in words, from what it says of itself. It is a help for the memory of who reads it, and proves nothing.

Browsers name each other: the first name here that is found is the right one.
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/User-Agent
"""

from typing import Final

NAVEGADORES: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("FxiOS", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SISTEMAS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
DESCONOCIDO: Final = "Un navegador desconocido"


def en_palabras(agente: str) -> str:
    """Return browser and system, as in "Firefox en Windows"."""
    navegador = next((name for mark, name in NAVEGADORES if mark in agente), "")
    sistema = next((name for mark, name in SISTEMAS if mark in agente), "")
    return " en ".join(part for part in (navegador or (sistema and DESCONOCIDO), sistema) if part) or DESCONOCIDO
