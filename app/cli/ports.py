"""Ports of this machine: refusing a taken one before work begins, finding a free one."""

import socket

from app.cli.failures import CommandFailed
from app.core.settings import Settings


def refuse_taken_port(settings: Settings) -> None:
    """Make sure that the server will be able to listen.

    Raises:
        CommandFailed: another program listens there, or the address is not this machine's.
    """
    _refuse_taken(settings.host, settings.port, "HASHCART_PORT")


def refuse_taken_metrics_port(settings: Settings) -> None:
    """Make sure that `/metrics` can be served, where it is asked for.

    Raises:
        CommandFailed: likewise; each process of a machine needs a port of its own for it.
    """
    if settings.metrics_port:
        _refuse_taken(settings.host, settings.metrics_port, "HASHCART_METRICS_PORT")


def _refuse_taken(host: str, port: int, variable: str) -> None:
    try:
        with _listening(host, port):
            return
    except OSError as error:
        raise CommandFailed(
            f"Cannot listen at {host}:{port} ({error.strerror}). Stop what listens there, or set "
            f"{variable} to another port, such as {variable}={free_port()}."
        ) from None


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens at now."""
    with _listening(host, 0) as listener:
        number: int = listener.getsockname()[1]
        return number


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1)
    except OSError:
        listener.close()
        raise
    return listener
