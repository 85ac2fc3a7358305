"""Where the files of an embedded server lie, and as whom it runs there.

Usually in the folder that was asked for. Where root must run it as another account, that account
may not be able to enter the folder or reach the programs (a clone in a closed home), so they lie
under `/var/lib/hashcart` instead, in a folder named after the one that was asked for.
"""

import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from app.core.postgres.binaries import Binaries
from app.core.postgres.errors import PostgresUnavailable
from app.core.postgres.privileges import (
    AS_OURSELVES,
    Privileges,
    account_of,
    can_use,
    in_user_namespace,
    unprivileged_account,
)

ELSEWHERE = Path("/var/lib/hashcart")

OWN_NAMES = ("cluster", "programs", "socket", "server.", "origin")
"""How the names begin that are made in a home."""

NOTHING = Path("/dev/null")
"""What every account may write."""

INSTALLED = ("bin", "lib", "share")
"""The folders of an installed PostgreSQL that its programs need."""


@dataclass(frozen=True)
class Home:
    """The folder that holds everything of one embedded server."""

    folder: Path
    asked: Path
    """The folder that was asked for; the same one unless the server lies elsewhere."""

    @property
    def elsewhere(self) -> bool:
        """Whether the server runs as another account, outside of the folder asked for."""
        return self.folder != self.asked

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.folder / "cluster"

    @property
    def socket(self) -> Path:
        """The folder of the socket, or a link to it."""
        return self.folder / "socket"

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.folder / "server.log"

    @property
    def lock(self) -> Path:
        """Held by the process that owns the server."""
        return self.folder / "server.lock"

    @property
    def alive(self) -> Path:
        """Held by every process of the server itself."""
        return self.folder / "server.alive"


def asked_home(data_dir: Path) -> Home:
    """The home inside *data_dir*."""
    folder = Path(os.path.realpath(data_dir))
    return Home(folder, folder)


def home_elsewhere(data_dir: Path) -> Home:
    """The home under `/var/lib/hashcart` that stands in for *data_dir*."""
    asked = Path(os.path.realpath(data_dir))
    return Home(ELSEWHERE / hashlib.sha256(os.fsencode(asked)).hexdigest()[:16], asked)


def make_folder(home: Home) -> None:
    """Make the home's folder, with what leads to it, where it is missing.

    Raises:
        PostgresUnavailable: It cannot be made.
    """
    try:
        if home.elsewhere:
            _make_open(ELSEWHERE, 0o755)
            _make_open(home.folder, 0o711)
            (home.folder / "origin").write_text(f"{home.asked}\n")
        home.asked.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise PostgresUnavailable(
            f"The data folder {home.folder} cannot be made: {error.strerror}."
            " Set HASHCART_DATA_DIR to a folder that this user may write."
        ) from error


def remove_files(home: Home) -> None:
    """Remove what this package put into the home's folder, and the folder where that was all."""
    for path in home.folder.iterdir():
        if not path.name.startswith(OWN_NAMES):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    folders = (home.folder, ELSEWHERE) if home.elsewhere else (home.folder,)
    for folder in folders:
        if not any(folder.iterdir()):
            folder.rmdir()


def privileges_in(home: Home, binaries: Binaries) -> tuple[Privileges, Binaries]:
    """As whom the server in *home* runs, and the programs as that account reaches them.

    Raises:
        PostgresUnavailable: The data belongs to somebody else, or nobody can run it.
    """
    if home.elsewhere:
        return _as_another(home, binaries)
    if home.cluster.exists() and home.cluster.stat().st_uid != os.geteuid():
        owner = account_of(home.cluster.stat().st_uid).name
        raise PostgresUnavailable(
            f"The data in {home.folder} belongs to the user {owner}."
            f" Run this as {owner}, or set HASHCART_DATA_DIR to another folder."
        )
    if os.geteuid() != 0:
        return AS_OURSELVES, binaries
    privileges = in_user_namespace(home.folder, binaries)
    if privileges is None:
        raise PostgresUnavailable(
            f"The data in {home.folder} was made by root in a user namespace, which is refused"
            " here now. Dump it where it was made (hashcart db dump) and restore it here into"
            " another HASHCART_DATA_DIR, or allow user namespaces."
        )
    return privileges, binaries


def _as_another(home: Home, binaries: Binaries) -> tuple[Privileges, Binaries]:
    account = unprivileged_account()
    if home.cluster.exists():
        account = account_of(home.cluster.stat().st_uid)
    privileges = Privileges(account=account)
    if can_use(privileges, NOTHING, binaries):
        return privileges, binaries
    reached = reachable_copy(binaries, home.folder)
    if can_use(privileges, NOTHING, reached):
        return privileges, reached
    raise PostgresUnavailable(
        f"PostgreSQL refuses to run as root, and the user {account.name} cannot run"
        f" {reached.program('postgres')}. Start as an ordinary user, or set"
        " HASHCART_DATABASE_URL to a server that runs already."
    )


def reachable_copy(binaries: Binaries, folder: Path) -> Binaries:
    """*binaries* inside *folder*, for every account: hard links where they serve, else copies.

    The shape `PACKAGE/INSTALL/bin` beside `PACKAGE.libs`, which repaired wheels have, is kept,
    since programs find their libraries by it. Copies of other programs in *folder* are removed.
    """
    install = binaries.folder.parent
    program = binaries.program("postgres").stat()
    mark = f"{binaries.folder}|{program.st_size}|{program.st_mtime_ns}"
    root = folder / f"programs-{hashlib.sha256(mark.encode()).hexdigest()[:16]}"
    reached = root / install.parent.name / install.name
    if not root.exists():
        draft = folder / "programs.new"
        for stale in (draft, *folder.glob("programs-*")):
            shutil.rmtree(stale, ignore_errors=True)
        for name in INSTALLED:
            _link_tree(install / name, draft / reached.relative_to(root) / name)
        _link_tree(binaries.libraries, draft / binaries.libraries.name)
        _open_to_all(draft)
        draft.rename(root)
    return Binaries(reached / binaries.folder.name, binaries.major)


def _link_tree(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=_link_or_copy)


def _link_or_copy(source: str, target: str) -> None:
    mode = stat.S_IMODE(os.stat(source).st_mode)
    open_mode = 0o755 if mode & 0o100 else 0o644
    # A link shares its mode with the file it links to, which is not ours to change.
    if mode & open_mode == open_mode:
        try:
            os.link(source, target)
        except OSError:
            pass  # Another file system, or one without links.
        else:
            return
    shutil.copyfile(source, target)
    os.chmod(target, open_mode)


def _open_to_all(draft: Path) -> None:
    """Let every account enter the folders just made, whatever the umask or their source said."""
    for folder, _, _ in os.walk(draft):
        os.chmod(folder, 0o755)


def _make_open(folder: Path, mode: int) -> None:
    """Make *folder* with exactly *mode*; one that exists is left as it is."""
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
