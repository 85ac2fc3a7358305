"""Where the server's socket lies: beside the data, or in a private folder where that cannot be."""

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from app.core.postgres.errors import PostgresUnavailable
from app.core.postgres.placement import Home
from app.core.postgres.privileges import Privileges
from app.core.postgres.wire import socket_file

PATH_BYTES_MAX = 103
"""The longest path of a socket that every system takes. Source: sys/un.h, 104 bytes on macOS."""

SEPARATORS = (",", ":")
"""What clients take for the end of one host in a list of hosts."""


def find_socket_folder(home: Home) -> Path:
    """The folder in which the server of *home* makes its socket, as its owner laid it."""
    return Path(os.path.realpath(home.socket))


def make_socket_folder(home: Home, privileges: Privileges) -> Path:
    """A folder for the socket that only the server's own account and root may enter.

    Only for the owner of *home*, before the server starts.

    Raises:
        PostgresUnavailable: The way around a long path is barred.
    """
    remove_socket_folder(home)
    if _serves(home.socket):
        home.socket.mkdir(mode=0o700)
        if privileges.account is not None:
            os.chown(home.socket, privileges.account.user, privileges.account.group)
        return home.socket
    folder = _private_folder(home)
    home.socket.symlink_to(folder)
    return folder


def remove_socket_folder(home: Home) -> None:
    """Remove the folder, wherever it lies. Only for the owner of *home*, while nothing runs."""
    if home.socket.is_symlink():
        folder = find_socket_folder(home)
        home.socket.unlink()
        if folder == _temporary_path(home, folder.parent) and folder.exists():
            shutil.rmtree(_checked(folder))
    elif home.socket.exists():
        shutil.rmtree(home.socket)


def _serves(folder: Path) -> bool:
    path = str(socket_file(folder))
    within = len(os.fsencode(path)) <= PATH_BYTES_MAX
    return within and not any(separator in path for separator in SEPARATORS)


def _private_folder(home: Home) -> Path:
    for parent in (Path(tempfile.gettempdir()).resolve(), Path("/tmp").resolve()):
        folder = _temporary_path(home, parent)
        if not _serves(folder):
            continue
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            _checked(folder)
        return folder
    raise PostgresUnavailable(
        f"The path {home.folder} is too long for a socket, and so is the temporary folder's."
        " Set HASHCART_DATA_DIR or TMPDIR to a shorter path."
    )


def _temporary_path(home: Home, parent: Path) -> Path:
    mark = hashlib.sha256(os.fsencode(home.folder)).hexdigest()[:16]
    return parent / f"hashcart-{os.geteuid()}-{mark}"


def _checked(folder: Path) -> Path:
    """*folder*, once sure that nobody else made it: its name can be guessed."""
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
    if not private or found.st_uid != os.geteuid():
        raise PostgresUnavailable(
            f"{folder} is not a private folder of this user, so no socket is put there."
            " Remove it, or set HASHCART_DATA_DIR to a shorter path."
        )
    return folder
