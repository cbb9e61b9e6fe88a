"""Twilio's Smart Encoding: letters outside GSM-7 replaced by plain ones that look alike.

https://www.twilio.com/docs/messaging/services/smart-encoding-char-list has the table. Its quotation marks up to U+02CB
were read there; the other rows are from memory of the same page.

Letters are replaced "if there are GSM7/ASCII alternatives and no characters that can't be converted in the message,
e.g. emoji": https://www.twilio.com/blog/copilot-just-got-even-smarter-announcing-smart-encoding-html. Whether the
Message resource then shows the new text or the one that was sent is written nowhere: here it shows the new one, which
is the harder case.
"""

from local.simulator.segments import GSM7, GSM7_EXTENSION

ROWS = {
    '"': "«»“”ʺˮ‟❝❞〝〞＂",
    "'": "‘’ʻˈʼʽʹ‛＇´ˊ`ˋ❛❜",
    "/": "÷⁄∕⧸／",
    "\\": "⧵⧹﹨＼",
    "|": "∣｜⎸⎹⏐⎜⎟",
    "-": "⎼⎽―﹣－‐⁃‑‒–—",
    "_": "＿",
    "@": "﹫＠",
    "$": "﹩＄",
    "!": "ǃ︕﹗！",
    "#": "﹟＃",
    "%": "﹪％",
    "&": "﹠＆",
    ",": "‚﹐﹑，､",
    "(": "❨❪﹙（⟮⦅",
    ")": "❩❫﹚）⟯⦆",
    "*": "⁎∗⊛✢✣✤✥✱✲✳✺✻✼✽❃❉❊❋⧆﹡＊",
    "+": "˖﹢＋",
    ".": "。﹒．｡",
    ":": "ː˸⦂꞉︓：",
    ";": "⁏︔﹔；",
    "<": "‹﹤＜",
    "=": "﹦＝",
    ">": "›﹥＞",
    "?": "︖﹖？",
    "^": "ˆ＾",
    "{": "❴﹛｛",
    "}": "❵﹜｝",
    "[": "［",
    "]": "］",
    "~": "˜˷∼～",
    " ": "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2028\u2029\u2060",
    "": "\u200b\u200c\u200d\ufeff",
    "!!": "‼",
    "...": "…",
    "1/4": "¼",
    "1/2": "½",
    "3/4": "¾",
}
TABLE = str.maketrans({letter: plain for plain, letters in ROWS.items() for letter in letters})


def smart_encode(text: str, *, partly: bool) -> str:
    """The text as Smart Encoding sends it.

    Args:
        text: of the message.
        partly: replace also where other letters keep the message out of GSM-7; Twilio says that it does not.
    """
    plain = text.translate(TABLE)
    return plain if partly or all(letter in GSM7 or letter in GSM7_EXTENSION for letter in plain) else text
