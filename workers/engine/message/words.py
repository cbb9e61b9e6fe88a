"""A comparison of texts: the same words exactly, or but for what Twilio is known to change.

- A trial account's texts get a prefix: https://help.twilio.com/articles/223136107
- Smart Encoding replaces letters outside GSM-7, by the table below. We ask Twilio not to.
- White space is trimmed and folded on the way, and letters may come back composed otherwise (Unicode).

Anything else, such as capitals, a text that was cut or masked, or a prefix in another language, is not the same words.
"""

import unicodedata
from functools import lru_cache
from typing import Final

from campaigns.mensaje.plano import TABLA, transliterar

TRIAL_PREFIX: Final = "Sent from your Twilio trial account -"


def _table() -> dict[int, str]:
    """https://www.twilio.com/docs/messaging/services/smart-encoding-char-list, but for white space, which is folded
    anyway, and letters of full width, which Unicode folds (NFKC)."""
    rows = {
        '"': "«»“”ʺˮ‟❝❞〝〞„",
        "'": "‘’ʻˈʼʽʹ‛´ˊ`ˋ❛❜\u0313\u0314\ufe10\ufe11\u2017",
        "/": "÷⧸\u0337\u0338⁄∕",
        "\\": "⧹⧵\u20e5",
        "_": "\u0332",
        "|": "\u20d2\u20d3∣⎸⎹⏐⎜⎟",
        "-": "⎼⎽―‐⁃—–•",
        "!": "ǃ",
        ",": "‚\u0326、",
        "(": "❨❪⟮⦅",
        ")": "❩❫⟯⦆",
        "*": "⁎∗⊛✢✣✤✥✱✲✳✺✻✼✽❃❉❊⧆",
        "+": "˖",
        ".": "。",
        ":": "ː˸⦂꞉",
        ";": "⁏",
        "=": "\u0347꞊",
        "^": "ˆ\u0302\u1dcd",
        "{": "❴",
        "}": "❵",
        "~": "˜˷\u0303\u0330\u0334∼",
        ">": "‹",
        "<": "›",
        "!!": "‼",
        "...": "…",
        "1/4": "¼",
        "1/2": "½",
        "3/4": "¾",
        "": "\u0000\u0003\u0004\u0010\u0011\u0012\u0013\u0014\u0017\u0019\u200b\u2060\ufeff",
        " ": "\u0080\u008d\u0090\u009b\u009f",
    }
    small = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "ABCDEFGHIJKLMNOPRSTUVWYZ", strict=True))
    return {ord(c): plain for plain, letters in rows.items() for c in letters} | {
        ord(c): plain for c, plain in small.items()
    }


SMART: Final = _table()
TRANSLITERATION: Final = str.maketrans(TABLA)


def are_exact(listed: str, ours: str) -> bool:
    """Tell whether the texts are equal, white space at the ends and folds in it aside."""
    return _spaced(listed) == _spaced(ours)


def are_same(listed: str, ours: str) -> bool:
    """Tell whether a listed text is ours, or ours as Twilio is known to change it. No text is the same as none."""
    if not ours.strip() or not listed.strip():
        return False
    if are_exact(listed, ours):
        return True
    folded = fold(listed)
    return folded == fold(ours) or folded.removeprefix(fold(TRIAL_PREFIX)) == fold(ours)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return the text as it is under every change that Twilio is known to make, without white space.

    >>> fold("“20 %” – hoy…") == fold('"20%" - hoy...')
    True
    """
    smart = _replaced(unicodedata.normalize("NFC", text))
    # What the table makes of a letter may be a letter of the other table still, and the reverse.
    plain = _replaced(transliterar(_replaced(unicodedata.normalize("NFKC", smart))))
    return "".join(plain.split())


def _replaced(text: str) -> str:
    return text.translate(SMART).translate(TRANSLITERATION)


def _spaced(text: str) -> str:
    return " ".join(text.split())
