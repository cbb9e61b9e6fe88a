"""`python -m tests.bench.caller ADDRESS RATE FILE`: Twilio's status callbacks, signed, at an even rate.

It reads one message a line from FILE: the token of its callback's address, its SID and its phone. A message's three
callbacks come `LAG_S` apart, over kept connections, as from Twilio through a reverse proxy. It leaves in FILE, as JSON,
what was answered and how long answers took.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

from local.simulator.signing import sign

CONNECTIONS: Final = 128
LAG_S: Final = 1.0
STATUSES: Final = ("sending", "sent", "delivered")
ACCOUNT: Final = "AC" + "0" * 32


def request(line: str, status: str, public_url: str, auth_token: str) -> bytes:
    """Return one callback, as Twilio writes it."""
    token, sid, phone = line.split()
    path = f"/webhooks/twilio/estado/{token}/"
    form = {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "From": "+15005550006",
        "MessageSid": sid,
        "MessageStatus": status,
        "SmsSid": sid,
        "SmsStatus": status,
        "To": phone,
    }
    body = urlencode(form)
    head = (
        f"POST {path} HTTP/1.1",
        f"Host: {urlsplit(public_url).netloc}",
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8",
        f"Content-Length: {len(body)}",
        f"X-Twilio-Signature: {sign(auth_token, public_url + path, form)}",
        f"I-Twilio-Idempotency-Token: {sid}-{status}",
        "User-Agent: TwilioProxy/1.1",
        "Accept: */*",
        "X-Forwarded-Proto: https",
        "X-Forwarded-For: 54.172.60.1",
    )
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def plan(lines: list[str], rate: float, public_url: str, auth_token: str) -> list[tuple[float, bytes]]:
    """Return when to send what, in the order of time: seconds from the start, and the request."""
    every = len(STATUSES) / rate
    return sorted(
        (n * every + number * LAG_S, request(line, status, public_url, auth_token))
        for n, line in enumerate(lines)
        for number, status in enumerate(STATUSES)
    )


async def call(address: str, planned: list[tuple[float, bytes]]) -> tuple[Counter[str], list[float]]:
    """Send what is planned; the answers by status, and the seconds from each one's moment to its answer."""
    host, port = address.split(":")
    waiting, answers, waits = iter(planned), Counter[str](), list[float]()
    started = time.monotonic()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for due, sent in waiting:
            await asyncio.sleep(max(0.0, started + due - time.monotonic()))
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            answers[head.split(None, 2)[1].decode()] += 1
            waits.append(time.monotonic() - started - due)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return answers, waits


if __name__ == "__main__":
    messages = Path(sys.argv[3]).read_text().splitlines()
    known = os.environ["PUBLIC_URL"], os.environ["TWILIO_AUTH_TOKEN"]
    answered, taken = asyncio.run(call(sys.argv[1], plan(messages, float(sys.argv[2]), *known)))
    Path(sys.argv[3]).write_text(json.dumps({"answers": answered, "waits": taken}))
