"""Ports of this machine that a test names before anybody listens there."""

import socket


def held() -> socket.socket:
    """Take a port of 127.0.0.1 that stays taken until the socket is closed, and listen on it never.

    Connections to it are refused, as by a program that is down. A server that binds it with SO_REUSEADDR, as servers
    do, can listen there, end and listen there again, while no stranger is given the port in between: Linux shares a
    port among sockets that allow it as long as at most one listens.
    """
    holder = socket.socket()
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
    except BaseException:
        holder.close()
        raise
    return holder


def port_of(holder: socket.socket) -> int:
    port: int = holder.getsockname()[1]
    return port
