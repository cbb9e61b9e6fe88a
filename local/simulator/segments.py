"""How many SMS segments a text takes: exactly, by walking the characters as a phone network packs them.

Source: 3GPP TS 23.038 (the GSM-7 alphabet) and https://www.twilio.com/docs/glossary/what-sms-character-limit
"""

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")  # an escape and a character: two septets

GSM7_SINGLE, GSM7_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67


def count_segments(text: str) -> int:
    """Segments of a text; an empty one still takes one."""
    if all(character in GSM7 or character in GSM7_EXTENSION for character in text):
        sizes = [2 if character in GSM7_EXTENSION else 1 for character in text]
        return _parts(sizes, GSM7_SINGLE, GSM7_PART)
    return _parts([2 if ord(character) > 0xFFFF else 1 for character in text], UCS2_SINGLE, UCS2_PART)


def _parts(sizes: list[int], single: int, part: int) -> int:
    """Segments of characters of these sizes, given that a pair is never split between two segments."""
    if sum(sizes) <= single:
        return 1
    parts, used = 1, 0
    for size in sizes:
        if used + size > part:
            parts, used = parts + 1, 0
        used += size
    return parts
