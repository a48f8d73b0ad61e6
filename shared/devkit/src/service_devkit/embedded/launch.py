"""Become another program that ends when this process's parent ends, and that is not root.

A script of its own, run by path with `python -I -S`, since between fork and exec of a process with
threads no Python code is safe. Arguments: the parent's process id, the number of the signal to get
when it ends, user and group id (0 keeps the present ones), then the program and its arguments.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def main() -> None:
    """Do what the module says; see prctl(2) and capabilities(7)."""
    parent_pid, death_signal, user_id, group_id = map(int, sys.argv[1:5])
    if user_id:
        leave_root(user_id, group_id)
    if sys.platform == "linux":
        # After the change of user, which would clear it.
        call("prctl", PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent_pid:
            sys.exit("the parent has ended")
    os.execv(sys.argv[5], sys.argv[5:])  # noqa: S606 — no shell is what we want


def leave_root(user_id: int, group_id: int) -> None:
    """Become `user_id`, who on Linux may still pass folders that only root can enter."""
    if sys.platform == "linux":
        call("prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(group_id)
    os.setuid(user_id)
    if sys.platform == "linux":
        only = 1 << CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        # Effective, permitted, inheritable: first of capabilities 0-31, then of the others.
        sets = (ctypes.c_uint32 * 6)(only, only, only, 0, 0, 0)
        call("capset", header, sets)
        call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def call(name: str, *arguments: object) -> None:
    """Call a function of the C library that returns 0.

    Raises:
        OSError: it returned something else.
    """
    converted = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
    if ctypes.CDLL(None, use_errno=True)[name](*converted):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
