"""Cells without a value: errors of spreadsheets, and what programs write for "nothing"."""

import re
from typing import Final

# Excel shows its errors in its own language. Those that end in no sign, from HyperFormula's dictionaries of 18
# languages (https://github.com/handsontable/hyperformula, src/i18n/languages) and LibreOffice's; pandas reads #NA.
ERRORES_SIN_SIGNO: Final = frozenset({
    "#n/a", "#n/d", "#na", "#nd", "#nv", "#n/b", "#n.b.", "#i/t", "#n/v", "#н/д", "#δ/υ", "#yok", "#hiányzik",
    "#saknas", "#puuttuu", "#není_k_dispozici", "#nedostupný", "#n/an/a", "#n/disp", "#name", "#calculando...",
    "#getting_data",
    "#obteniendo_datos", "#obtendo_dados", "#cargando", "#cargando...", "#loading...", "#error", "#null", "#nulo",
    "#valor", "#value", "#ref", "#nombre",
})  # fmt: skip
# The words of the errors that do end in a sign, which a tag may also have: "#OFERTA!" is a tag.
ERRORES_CON_SIGNO: Final = frozenset({
    # English, and Google's
    "null", "div/0", "value", "ref", "name", "num", "n/a", "spill", "calc", "field", "connect", "blocked", "busy",
    "unknown", "python", "external", "error", "cycle", "circ",
    # Spanish, Portuguese, French, Italian, Catalan
    "nulo", "valor", "nombre", "núm", "desbordamiento", "campo", "conectar", "bloqueado", "ocupado", "desconocido",
    "externo", "nome", "despejar", "despejo", "transposição", "cálc", "conexão", "nul", "valeur", "nom", "propagation",
    "epars", "calcul", "champ", "nullo", "valore", "rif", "espansione", "n/d",
    # German, Dutch, Swedish, Danish, Norwegian, Finnish
    "wert", "bezug", "zahl", "überlauf", "kalk", "feld", "leeg", "deel/0", "deling.door.0", "waarde", "verw", "naam",
    "getal", "overloop", "skärning", "division/0", "värdefel", "referens", "namn", "ogiltigt", "saknas", "værdi",
    "reference", "navn", "nummer", "overløb", "verdi", "overflyt", "tyhjä", "jako/0", "arvo", "viittaus", "nimi",
    "luku", "puuttuu", "levittyminen",
    # Polish, Czech, Hungarian, Turkish, Russian
    "zero", "dziel/0", "arg", "adr", "nazwa", "liczba", "rozlanie", "błąd", "cykl", "dělení_nulou", "hodnota", "odkaz",
    "název", "číslo", "presah", "nulla", "zéróosztó", "érték", "hiv", "név", "szám", "kibontás", "boş", "sayi/0",
    "sayı/0", "değer", "başv", "ad", "sayi", "sayı", "taşma", "пусто", "дел/0", "знач", "ссылка", "имя", "число",
    "перенос",
})  # fmt: skip
ERROR: Final = re.compile(r"#[¡¿]?(\w[\w/.]{0,30})[!?]")
# LibreOffice's, and a column too narrow for its numbers.
OTRO_ERROR: Final = re.compile(r"(?i:err):\d{3}|#{2,}")

# pandas' STR_NA_VALUES and their like in SQL, JavaScript, Ruby, Excel's pivot tables and people's own.
NADA: Final = frozenset({
    "null", "nan", "-nan", "none", "undefined", "nat", "n/a", "n.a", "n.a.", "n/d", "n.d", "n.d.", "s/d", "s.d", "s.d.",
    "s/i", "s/n", "n/e", "\\n", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "#n/a n/a", "en blanco", "vacío",
    "object object", "cargando...", "loading...", "loading…", "cargando…",
    "vacio", "blank", "empty",
    "null null", "nan nan", "none none", "undefined undefined",
})  # fmt: skip
# Written otherwise these are names: Nil and Na.
NADA_EXACTA: Final = frozenset({"NA", "na", "nil", "NIL", "<NA>", "nil nil"})
# What people write who had to write something, where no such word is a value: names, documents and phones.
NADA_DICHA: Final = frozenset({
    "sin nombre", "sin dato", "sin datos", "sin información", "sin informacion", "sin documento", "sin teléfono",
    "sin telefono", "sin celular", "sin número", "sin numero", "no aplica", "no disponible", "no registra", "no tiene",
    "ninguno", "ninguna", "sem nome", "not available", "not applicable",
})  # fmt: skip
SOLO_RAYAS: Final = re.compile(r"[-‐‑‒–—―−_.…·,;:?¿/\\'\"`´]+")
ENVOLTURA: Final = "()<>[]{}\"'"
LARGO_MAX: Final = 40


def es_error(texto: str, *, suelto: bool = False) -> bool:
    """Tell whether the text is the error of a spreadsheet, in any language.

    Args:
        suelto: the text may be a word with a hash, as a tag is; else any such word in capitals counts.
    """
    if not texto or len(texto) > LARGO_MAX or (texto[0] != "#" and texto[0] not in "eE"):
        return False
    if texto.casefold().replace(" ", "") in ERRORES_SIN_SIGNO or OTRO_ERROR.fullmatch(texto):
        return True
    found = ERROR.fullmatch(texto.replace(" ", ""))
    if found is None:
        return False
    return found[1].casefold() in ERRORES_CON_SIGNO or (not suelto and found[1] == found[1].upper())


def tiene_error(texto: str) -> bool:
    """Tell whether a word of the text is a spreadsheet's error, as in `Ana #N/A`. A hashtag is none."""
    return "#" in texto and any(
        word[0] == "#" and (word[-1] in "!?" or "/" in word) and es_error(word, suelto=True) for word in texto.split()
    )


def es_nada(texto: str, *, dicha: bool = False) -> bool:
    """Tell whether the text alone stands for no value: `NULL`, `nan`, `N/A`, `-`.

    Args:
        dicha: words such as "sin nombre" count too.
    """
    if not texto or len(texto) > LARGO_MAX:
        return not texto
    plain = texto.casefold()
    bare = plain.strip(ENVOLTURA).strip()
    return (
        plain in NADA
        or bare in NADA
        or texto in NADA_EXACTA
        or SOLO_RAYAS.fullmatch(texto) is not None
        or (dicha and bare in NADA_DICHA)
    )
