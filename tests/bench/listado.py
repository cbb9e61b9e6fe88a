"""`python -m tests.bench.listado FD MESSAGES SENDER`: messages as Twilio lists them, a thousand a page.

It answers on a socket that listens already, holds nothing and reckons every message from its number, so that a million
of them cost no time of their own. Every hundredth was billed with two segments.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
"""

import json
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

PAGE: Final = 1000
PRICE: Final = "0.05250"
CORRECTED: Final = 100  # one in so many costs another price than was reckoned
DATE: Final = "Sun, 01 Mar 2026 12:00:00 +0000"


def sid(number: int) -> str:
    return f"SM{number:032x}"


def phone(number: int) -> str:
    return f"+57301{number:07d}"


def message(number: int, account: str, sender: str) -> dict[str, object]:
    """A message as Twilio lists it, with every field that it has."""
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid(number)}"
    twice = number % CORRECTED == 0
    return {
        "body": "Hola Cliente, esta semana tienes 20% de descuento en la tienda. Responde BAJA para no recibir mas.",
        "num_segments": "2" if twice else "1",
        "direction": "outbound-api",
        "from": sender,
        "to": phone(number),
        "date_updated": DATE,
        "price": f"-{2 * float(PRICE):.5f}" if twice else f"-{PRICE}",
        "error_message": None,
        "uri": f"{uri}.json",
        "account_sid": account,
        "num_media": "0",
        "status": "delivered",
        "messaging_service_sid": None,
        "sid": sid(number),
        "date_sent": DATE,
        "date_created": DATE,
        "error_code": None,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
    }


def page(path: str, messages: int, sender: str) -> dict[str, object]:
    """Return the page that the address asks for.

    Args:
        path: as in the request, with its query.
        messages: how many there are in all.
    """
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    number = int(query.get("Page", 0))
    first, after = number * PAGE, min((number + 1) * PAGE, messages)
    account = parts.path.split("/")[3]
    following = {**query, "Page": str(number + 1), "PageToken": f"PA{sid(after)}"}
    return {
        "messages": [message(n, account, sender) for n in range(first, after)],
        "next_page_uri": f"{parts.path}?{urlencode(following)}" if after < messages else None,
        "page": number,
        "page_size": PAGE,
    }


class Server(ThreadingHTTPServer):
    """Answers on a socket that listens already."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, messages: int, sender: str) -> None:
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.messages, self.sender = listener, messages, sender


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        body = json.dumps(page(self.path, self.server.messages, self.server.sender)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep silent."""


if __name__ == "__main__":
    Server(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), sys.argv[3]).serve_forever()
