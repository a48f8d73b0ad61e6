"""Become another program that ends when this process's parent ends, and that is not root.

A separate script, run by path with `python -I -S`, since between fork and exec of a process with
threads no Python code is safe. Arguments: the parent's process id, the number of the signal to get
when it ends, user and group id (0 keeps the present ones), a folder to hold open as `FOLDER` (empty
for none), then the program and its arguments. For another user standard input must be a pipe that
the parent holds open: root without CAP_KILL cannot signal that user, not even by ending.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
FOLDER_DESCRIPTOR = 9
FOLDER = f"/proc/self/fd/{FOLDER_DESCRIPTOR}"
"""The folder for a program that may not pass those above it: what is open is not looked up."""


def main() -> None:
    """Do what the module says; see prctl(2) and proc(5)."""
    parent_pid, death_signal, user_id, group_id = map(int, sys.argv[1:5])
    os.umask(0o077)
    if sys.argv[5]:
        os.dup2(os.open(sys.argv[5], os.O_PATH | os.O_DIRECTORY), FOLDER_DESCRIPTOR)
    if user_id:
        os.setgroups([])
        os.setgid(group_id)
        os.setuid(user_id)
        watch_parent(death_signal)
    # After the change of user, which would clear it.
    end_with(parent_pid, death_signal)
    os.execv(sys.argv[6], sys.argv[6:])  # noqa: S606 — no shell is what we want


def end_with(parent_pid: int, death_signal: int) -> None:
    """Get the signal when the parent ends, on Linux and if it may signal this user."""
    if sys.platform == "linux":
        call("prctl", PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent_pid:
            sys.exit("the parent has ended")


def watch_parent(death_signal: int) -> None:
    """Start a process of the same user that sends the signal when standard input ends."""
    own_pid = os.getpid()
    if os.fork() == 0:
        end_with(own_pid, signal.SIGKILL)
        script = f"read -r line; kill -{death_signal} {own_pid}"
        os.execv("/bin/sh", ["sh", "-c", script])  # noqa: S606 — no shell but this one


def call(name: str, *arguments: int) -> None:
    """Call a function of the C library that returns 0.

    Raises:
        OSError: it returned something else.
    """
    if ctypes.CDLL(None, use_errno=True)[name](*map(ctypes.c_ulong, arguments)):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
