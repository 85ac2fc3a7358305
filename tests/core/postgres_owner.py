"""Run as a script: owns or joins the embedded server of a folder until its input ends.

Usage: postgres_owner.py DATA_DIR [BIN_FOLDER MAJOR]. It prints one line of JSON once the server
answers. It needs the standard library alone, so any Python may run it.
"""

import json
import sys
from pathlib import Path

from app.core.postgres.binaries import Binaries, find_binaries
from app.core.postgres.launcher import start_embedded


def main(data_dir: str, *programs: str) -> None:
    """Start or join, tell, and wait."""
    binaries = Binaries(Path(programs[0]), int(programs[1])) if programs else find_binaries()
    with start_embedded(Path(data_dir), binaries=binaries) as server:
        told = {"owner": server.owner, "url": server.url, "folder": str(server.folder)}
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
