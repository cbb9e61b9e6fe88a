"""The letters of a text file: a guess of how its bytes were written, and its lines as text.

The lines are decoded one by one. A line that is UTF-8 is read as such whatever the rest of the file is: files are put
together from several programs' exports, and one bad byte must not turn every accent of the file to garbage. A line that
is neither UTF-8 nor wholly of the code page that was chosen gets U+FFFD, and `valores.texto` rejects the cell.

charset-normalizer was tried and is not used: in a list of names it takes Mac Roman for Windows-1252, and it finds no
charset at all for a file that mixes two.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from clientes.importacion.limites import BLOQUE, LINEA_ENORME, LINEA_MAX, NO_ES_PLANILLA, UnreadableFileError
from clientes.importacion.sin_cerrar import texto

# What a person may choose: a Python codec and its name for people.
NOMBRES: Final = {
    "utf-8": "UTF-8",
    "cp1252": "Windows (1252)",
    "mac_roman": "Mac antiguo (Mac Roman)",
    "cp850": "MS-DOS (850)",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 sin marca",
    "utf-16-be": "UTF-16 sin marca (big endian)",
}
# Excel's "Unicode text" is UTF-16 with its mark. The mark of UTF-32 begins with that of UTF-16.
MARCAS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Of one byte a letter, the likelier first. Latin-1 differs from Windows-1252 in what nobody types.
PAGINAS: Final = ("cp1252", "mac_roman", "cp850")
MUESTRA_BYTES: Final = 64 * 1024  # bytes of lines with odd letters that the guess looks at
CABEZA: Final = 64 * 1024
# In a code page these pairs are signs that nobody types (Ã±, √±, ├▒): the line is UTF-8 with a fault in it.
DOS_BYTES: Final = re.compile(rb"[\xc2\xc3][\x80-\xbf]")
NO_ASCII: Final = re.compile(r"[^\x00-\x7f]")
SEPARA: Final = re.compile(rb'[;,\t|"]')
EJEMPLO_MAX: Final = 30  # bytes of a cell that are shown
SUELTO: Final = re.compile("[\udc80-\udcff]")  # a byte that is no UTF-8, as `surrogateescape` gives it
RARO: Final = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Letras:
    """The charset of a text file, and what it leaves unread.

    Args:
        codificacion: the Python codec that is guessed.
        malas: lines that it cannot read.
        ejemplo: the bytes of a line that another code page would read in another way; empty when there is none.
    """

    codificacion: str
    malas: int = 0
    ejemplo: bytes = b""


def adivinar(file: BinaryIO) -> Letras:
    """Guess the charset; the whole file is looked at.

    Raises:
        UnreadableFileError: it is not text.
    """
    file.seek(0)
    head = file.read(CABEZA)
    for mark, name in MARCAS:
        if head.startswith(mark):
            if name != "utf-8-sig":
                return Letras(name)
            _, _, malas, ejemplo, _ = _contar(file)
            return Letras(name, malas, ejemplo)
    if b"\0" in head:
        return Letras(_sin_marca(head))
    buenas, raras, malas, ejemplo, muestra = _contar(file)
    if not raras:
        return Letras("utf-8", 0, ejemplo)
    pagina, valor = _pagina(muestra)
    # A letter that was cut off makes no name in any of them.
    if buenas >= raras or valor < -raras:
        return Letras("utf-8", malas, ejemplo)
    return Letras(pagina, 0, ejemplo)


def _sin_marca(head: bytes) -> str:
    """Tell which half of each pair of bytes is the empty one.

    Raises:
        UnreadableFileError: neither is, or both: it is no text.
    """
    pairs = max(1, len(head) // 2)
    for name, empty, letters in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if len(head) > 3 and empty.count(0) > 0.9 * pairs and not letters.count(0):
            return name
    raise UnreadableFileError(NO_ES_PLANILLA)


def _contar(file: BinaryIO) -> tuple[int, int, int, bytes, bytes]:
    """Count letters in UTF-8, bytes that are not, and lines that have such bytes; with an example and a sample."""
    buenas = raras = malas = 0
    ejemplo = b""
    muestra = bytearray()
    for block in _bloques(file):
        if block.isascii():
            continue
        try:
            buenas += len(NO_ASCII.findall(block.decode("utf-8")))
        except UnicodeDecodeError:
            pass
        else:
            continue
        for line in block.splitlines():
            if line.isascii():
                continue
            text = line.decode("utf-8", "surrogateescape")
            odd = len(SUELTO.findall(text))
            buenas += len(NO_ASCII.findall(text)) - odd
            raras += odd
            if odd:
                malas += 1
                ejemplo = ejemplo or line
                if len(muestra) < MUESTRA_BYTES:
                    muestra += line[:MUESTRA_BYTES] + b"\n"
    return buenas, raras, malas, ejemplo, bytes(muestra[:MUESTRA_BYTES])


def _bloques(file: BinaryIO) -> Iterator[bytes]:
    """Yield the file in pieces that end where a line does, if there is such a place."""
    file.seek(0)
    rest = b""
    while block := file.read(BLOQUE):
        block = rest + block
        cut = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
        if not cut and len(block) > LINEA_MAX:
            cut = len(block)
        rest = block[cut:]
        yield block[:cut]
    yield rest


def _pagina(muestra: bytes) -> tuple[str, int]:
    """Find the code page that makes the most likely names of these bytes, with what it is worth."""
    worth = {name: _valor(f" {muestra.decode(name, 'replace')} ") for name in PAGINAS}
    best = max(PAGINAS, key=lambda name: worth[name])
    return best, worth[best]


COMUNES: Final = frozenset("áéíóúñüÁÉÍÓÚÑÜ")  # of Spanish
OTRAS: Final = frozenset("àâãçêõôÀÂÃÇÊÕÔ")  # of Portuguese
SIGNOS: Final = frozenset("¿¡ºª°“”‘’–—…€•«»")  # beside words, not within them
OTROS_SIGNOS: Final = frozenset("®™\xa0´·")


def _valor(text: str) -> int:
    """Add up how likely each letter is where it stands: names have small letters among small ones."""
    total = 0
    for found in NO_ASCII.finditer(text):
        letter, before, after = found[0], text[found.start() - 1], text[found.end()]
        inside = before.isalpha() and after.isalpha()
        if letter.isalpha() and letter not in "ºª":
            if not (before.isalpha() or after.isalpha()):
                total -= 1
            elif before.isalpha() and not _cabe(letter, text[found.start() - 2], before, after):
                total -= 3
            else:
                total += 3 if letter in COMUNES else 2 if letter in OTRAS else 0
        elif letter in SIGNOS:
            total += 1 if inside and letter == "’" else -3 if inside else 2
        elif letter in OTROS_SIGNOS:
            total -= 3 * inside
        else:
            total -= 5 if letter == RARO or not letter.isprintable() else 3
    return total


def _cabe(letter: str, earlier: str, before: str, after: str) -> bool:
    """Tell whether a letter is as large as those about it: `García` and `GARCÍA`, not `GarcÍa` or `GARCíA`."""
    if letter.isupper():
        return not before.islower()
    among = after if after.isalpha() else earlier
    return not (before.isupper() and among.isupper())


def lineas(file: BinaryIO, codificacion: str) -> Iterator[str]:
    """Yield the file's lines with what ends them: a line feed, a carriage return, or both.

    Raises:
        UnreadableFileError: a line is beyond LINEA_MAX, or the file breaks off within a letter of two bytes.
    """
    if codificacion.startswith(("utf-16", "utf-32")):
        yield from _acotadas(file, codificacion)
        return
    plain = codificacion in {"utf-8", "utf-8-sig"}
    first = True
    # Latin-1 gives each byte a letter, and ends lines where all code pages and UTF-8 do.
    for line in _acotadas(file, "latin-1"):
        if not line.isascii():
            raw = line.encode("latin-1")
            if first:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            line = decodificar(raw, "utf-8" if plain else codificacion)
        first = False
        yield line


def decodificar(raw: bytes, codificacion: str) -> str:
    """Read one line: as UTF-8 if it is that, else by the code page; U+FFFD stands for what neither can read."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if codificacion == "utf-8" or DOS_BYTES.search(raw):
        return raw.decode("utf-8", "replace")
    return raw.decode(codificacion, "replace")


def _acotadas(file: BinaryIO, codificacion: str) -> Iterator[str]:
    with texto(file, codificacion) as text:
        numero = 0
        while True:
            numero += 1
            try:
                line = text.readline(LINEA_MAX)
            except UnicodeError as error:
                raise UnreadableFileError(NO_ES_PLANILLA) from error
            if not line:
                return
            if len(line) == LINEA_MAX:
                raise UnreadableFileError(LINEA_ENORME.format(linea=numero))
            yield line


def muestras(letras: Letras) -> dict[str, str]:
    """Say how each code page would read the cell of the example's first odd letter; {} when they all agree."""
    cells = (cell.strip() for cell in SEPARA.split(letras.ejemplo))
    piece = next((cell for cell in cells if not cell.isascii()), b"")[:EJEMPLO_MAX]
    said = {name: decodificar(piece, name) for name in ("utf-8", *PAGINAS)}
    return said if len(set(said.values())) > 1 else {}
