"""As whom PostgreSQL's programs run: they refuse root.

Root runs them inside a user namespace, where it looks like an unprivileged account while files on
disk stay root's. Where the kernel refuses that (a chroot, a container), they run as an
unprivileged account that exists. No account is made, and no folder that exists is changed.
"""

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from app.core.postgres.binaries import PROGRAM_SECONDS, Binaries
from app.core.postgres.errors import PostgresUnavailable

CHILD = Path(__file__).with_name("child.py")

ACCOUNT_NAMES = ("nobody", "postgres")
"""Unprivileged accounts to borrow, in this order. `initdb` wants one with a name."""


@dataclass(frozen=True)
class Account:
    """An account of this machine."""

    name: str
    user: int
    group: int


@dataclass(frozen=True)
class Privileges:
    """How a program is run so that PostgreSQL accepts who runs it."""

    prefix: tuple[str, ...] = ()
    """Words before the program, as those that put it into a user namespace."""

    account: Account | None = None
    """Whose credentials the program takes; None keeps those of this process."""

    @property
    def owner(self) -> int:
        """The user id that the program's files have on disk."""
        return os.geteuid() if self.account is None else self.account.user

    def command(self, *program: str) -> list[str]:
        """The words that run *program* so, bound to the life of the thread that starts them.

        Source: prctl(2), PR_SET_PDEATHSIG: the parent is the *thread* that made the process.
        """
        user, group = ("-", "-")
        if self.account is not None:
            user, group = str(self.account.user), str(self.account.group)
        child = [sys.executable, "-I", "-S", str(CHILD), str(os.getpid()), user, group]
        return [*child, *self.prefix, *program]


AS_OURSELVES = Privileges()


def unprivileged_account() -> Account:
    """The account to borrow.

    Raises:
        PostgresUnavailable: The machine has none of the usual ones.
    """
    for name in ACCOUNT_NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise PostgresUnavailable(
        "PostgreSQL refuses to run as root, and this machine has no account named"
        f" {' or '.join(ACCOUNT_NAMES)} to run it as. Start as an ordinary user, or set"
        " HASHCART_DATABASE_URL to a server that runs already."
    )


def account_of(user: int) -> Account:
    """The account with the user id *user*.

    Raises:
        PostgresUnavailable: The machine does not know it.
    """
    try:
        entry = pwd.getpwuid(user)
    except KeyError:
        raise PostgresUnavailable(
            f"The data belongs to the user id {user}, which this machine does not know."
            " Give it back to an account of this machine (chown -R), or choose another"
            " HASHCART_DATA_DIR."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def in_user_namespace(folder: Path, binaries: Binaries) -> Privileges | None:
    """The privileges of root in a user namespace; None where they do not suffice.

    That is tried, not guessed: the kernel, a chroot, a container's rules or an old `unshare` may
    refuse it, and inside root may no longer pass through another user's closed folders.

    Args:
        folder: What must be writable inside.
        binaries: What must run inside.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    account = unprivileged_account()
    maps = (f"--map-user={account.user}", f"--map-group={account.group}")
    privileges = Privileges(prefix=(unshare, "--user", *maps, "--"))
    return privileges if can_use(privileges, folder, binaries) else None


def can_use(privileges: Privileges, folder: Path, binaries: Binaries) -> bool:
    """Whether who runs so may write *folder* and run *binaries*, found by trying."""
    trial = 'test -w "$1" && "$2" --version && exec "$3" --version'
    programs = (str(binaries.program("postgres")), str(binaries.program("initdb")))
    account = privileges.account
    try:
        done = subprocess.run(
            [*privileges.prefix, "/bin/sh", "-c", trial, "sh", str(folder), *programs],
            cwd="/",
            env=binaries.environ(os.environ),
            user=None if account is None else account.user,
            group=None if account is None else account.group,
            extra_groups=None if account is None else [],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROGRAM_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
