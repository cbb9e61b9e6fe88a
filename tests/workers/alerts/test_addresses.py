"""The addresses to which an alert may go: never to a server of ours."""

import ipaddress
import socket
from typing import Any

import pytest

from campaigns.bitacora import alertas
from campaigns.models import AjustesAlertas, EntregaAlerta
from campaigns.values import direccion
from core.errors import InvalidInputError
from core.models import Usuario
from tests.workers.alerts.listener import Listener
from workers.alerts import addresses, deliver


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://tienda.co/x", direccion.NO_ES_HTTPS),
        ("ftp://tienda.co/x", direccion.NO_ES_HTTPS),
        ("file:///etc/passwd", direccion.NO_ES_HTTPS),
        ("https://", direccion.SIN_HOST),
        ("https://[::1", direccion.SIN_HOST),
        ("https://tienda.co:99999/", direccion.SIN_HOST),
        ("https://ana:clave@tienda.co/", direccion.CON_CLAVE),
        *((f"https://tienda.co:{port}/", direccion.OTRO_PUERTO) for port in (1, 22, 80, 3306, 5432, 6379, 8080, 65535)),
        *(
            (f"https://{host}/x", direccion.NO_ES_PUBLICA.format(host=host.strip("[]")))
            for host in (
                "127.0.0.1", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
                "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]",
                "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]", "localhost",
                "base.localhost", "postgres", "metadata.google.internal", "nas.local", "router.home.arpa",
            )
        ),
    ],
)  # fmt: skip
def test_it_refuses_an_address_of_ours_when_it_is_written(url: str, reason: str, owner: Usuario) -> None:
    with pytest.raises(InvalidInputError) as refused:
        alertas.guardar_ajustes(usuario=owner, datos={"url": url})
    assert (refused.value.message, refused.value.field) == (reason, "url")
    assert not AjustesAlertas.objects.exists()


@pytest.mark.parametrize(
    "url", ["https://tienda.co", "https://tienda.co:8443/a?b=c", "https://8.8.8.8/", "https://[2606:4700::1]/"]
)
def test_it_takes_a_public_one(url: str, owner: Usuario) -> None:
    assert alertas.guardar_ajustes(usuario=owner, datos={"url": url}).secreto.startswith("whsec_")


INNER = (
    "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::1", "64:ff9b:1::a00:1", "fec0::1", "5f00::1", "3fff::1", "::",
    "2001:db8::1", "2001::1", "2001:0:7f00:1::1", "2002:a00:1::1", "2606:4700::5efe:7f00:1", "100::1", "fc00::1",
    "2606:4700::200:5efe:a00:1", "fe80::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "4000::1",
    "192.0.0.192", "192.0.0.8", "192.88.99.1", "168.63.129.16", "100.100.100.200", "198.18.0.1", "192.0.2.1",
    "203.0.113.1", "240.0.0.1", "0.1.2.3",
)  # fmt: skip
OUTER = ("8.8.8.8", "2606:4700::1", "2a00:1450:4003::200e", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1")


@pytest.mark.parametrize("ip", INNER)
def test_an_address_that_looks_public_and_is_not(ip: str) -> None:
    assert not direccion.is_public(ipaddress.ip_address(ip))


@pytest.mark.parametrize("ip", OUTER)
def test_an_address_that_is_public(ip: str) -> None:
    assert direccion.is_public(ipaddress.ip_address(ip))


@pytest.mark.parametrize(
    ("ip", "called"),
    [
        *((ip, True) for ip in ("127.0.0.1", "10.0.0.5", "192.168.1.1", "fd00::1", "8.8.8.8")),
        *((ip, False) for ip in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fe80::1")),
        *((ip, False) for ip in ("fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1")),
    ],
)
def test_metadata_is_never_called(ip: str, called: bool, settings: Any) -> None:
    settings.ALERTS_ALLOW_PRIVATE = True

    assert direccion.may_be_called(ipaddress.ip_address(ip)) is called


def answers(*ips: str) -> Any:
    def getaddrinfo(host: str, port: int, **kwargs: Any) -> Any:
        return [(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ips]

    return getaddrinfo


@pytest.mark.parametrize("ips", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["2606:4700::1", "::ffff:169.254.169.254"]])
def test_a_name_that_leads_to_us_is_not_called(ips: list[str], owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address of the name counts: the next look-up could give the other one."""
    alertas.guardar_ajustes(usuario=owner, datos={"url": "https://tienda.co/x"})
    alertas.probar(usuario=owner)
    monkeypatch.setattr("workers.alerts.addresses.socket.getaddrinfo", answers(*ips))
    deliver.deliver()
    entrega = EntregaAlerta.objects.get()
    assert (entrega.estado, entrega.error) == ("pendiente", direccion.NO_ES_PUBLICA.format(host="tienda.co"))


def test_the_call_goes_to_the_address_that_was_looked_at(
    ajustes: AjustesAlertas, owner: Usuario, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name exists nowhere: only the first look-up knows it, and the Host header carries it."""
    port = listener.url.split(":")[2].split("/")[0]
    alertas.guardar_ajustes(usuario=owner, datos={"url": f"http://alertas.tienda.co:{port}/x"})
    alertas.probar(usuario=owner)
    monkeypatch.setattr(addresses, "_ips", lambda host, port: [ipaddress.ip_address("127.0.0.1")])
    deliver.deliver()
    [call] = listener.calls
    assert call.headers["host"] == f"alertas.tienda.co:{port}"
