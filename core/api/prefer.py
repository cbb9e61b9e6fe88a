"""The `Prefer` header: RFC 7240."""

import re
from dataclasses import dataclass
from typing import Final

# Characters. A quote that never ends is looked for again from every escaped one in it.
HEADER_MAX: Final = 512
# One preference of the list; a comma within quotes does not end it.
PREFERENCE: Final = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*")+')


@dataclass(frozen=True, slots=True)
class Prefer:
    """Args:
    respond_async: answer before the work is done (§4.1).
    wait: seconds that the caller is ready to wait; None when it does not say (§4.3).
    """

    respond_async: bool = False
    wait: int | None = None

    @classmethod
    def of(cls, header: str) -> "Prefer":
        """Read the header. What cannot be read is ignored, and of two equal names the first counts (§2)."""
        if len(header) > HEADER_MAX:
            return cls()
        found: dict[str, str] = {}
        for preference in PREFERENCE.findall(header):
            name, _, value = preference.partition(";")[0].partition("=")
            found.setdefault(name.strip().lower(), value.strip().strip('"'))
        wait = found.get("wait", "")
        seconds = int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 10 else None
        return cls("respond-async" in found, seconds)
