"""Run as a script: becomes the program it is told to, bound to the life of its parent.

It is a process of its own, and not a function between fork and exec, because code there may
deadlock when the parent has threads. It is run by path with `-I -S`, so it imports nothing of the
product, and it is loaded before the credentials change, so the account it changes to need not be
able to read it.

Usage: child.py PARENT_PID USER_ID|- GROUP_ID|- PROGRAM [ARGUMENT ...]
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that this process gets when the thread that made it ends."""


def main(arguments: list[str]) -> None:
    """Take the credentials, bind to the parent, and become the program."""
    parent, user, group, *program = arguments
    if user != "-":
        os.setgroups([])
        os.setgid(int(group))
        os.setuid(int(user))
    # The kernel forgets the death signal when credentials change, so this comes after them.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("The process that started this one has ended already.")
    # Python ignores these two, and an ignored signal stays ignored in the next program.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o077)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
