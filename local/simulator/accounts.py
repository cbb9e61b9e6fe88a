"""The accounts that the simulator plays: the one of its environment, and others that a test adds.

A list shows its own account's messages only, and an Auth Token signs its own account's webhooks:
https://www.twilio.com/docs/iam/api/account
"""

import base64
import json
import re
from hmac import compare_digest

from local.simulator.ledger import Ledger

SID = re.compile(r"AC[0-9a-fA-F]{32}")
ADDED = "accounts"


class Accounts:
    """SIDs and Auth Tokens. Those that were added are kept with the ledger.

    Args:
        ledger: where they are kept.
        sid, token: of the account of the environment.
    """

    def __init__(self, ledger: Ledger, sid: str, token: str) -> None:
        self._ledger, self._first = ledger, (sid, token)
        self._tokens: dict[str, str] = {sid: token, **json.loads(ledger.meta(ADDED) or "{}")}
        self._logins = self._basic()

    def add(self, sid: str, token: str) -> None:
        """Know another account, or another Auth Token of a known one: the old token is then refused.

        Raises:
            ValueError: this is no SID, or the token is empty.
        """
        if not SID.fullmatch(sid) or not token:
            raise ValueError("an account is a sid of AC and 32 hex digits, and a token")
        self._tokens[sid] = token
        self._logins = self._basic()
        self._keep({known: given for known, given in self._tokens.items() if (known, given) != self._first})

    def clear(self) -> None:
        """Forget what was added."""
        self._tokens = dict([self._first])
        self._logins = self._basic()
        self._keep({})

    def token(self, sid: str) -> str:
        """The Auth Token of an account; of one that was forgotten, with callbacks still to come, the first's."""
        return self._tokens.get(sid, self._first[1])

    def who(self, authorization: str) -> str | None:
        """The account that a Basic `Authorization` header proves, or None."""
        given = authorization.encode()
        return next((sid for sid, login in self._logins.items() if compare_digest(given, login)), None)

    def _basic(self) -> dict[str, bytes]:
        """The value that each account writes in its `Authorization` header."""
        return {sid: b"Basic " + base64.b64encode(f"{sid}:{token}".encode()) for sid, token in self._tokens.items()}

    def _keep(self, added: dict[str, str]) -> None:
        self._ledger.set_meta(ADDED, json.dumps(added))
