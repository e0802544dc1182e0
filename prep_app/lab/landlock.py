"""Linux's Landlock: the kernel's own word that this process changes no file outside one folder.

What Python's audit events cannot see, a file written by C++ or by a raw system call, is refused here (EACCES). In
kernels from 5.13; a kernel without it, or a container that hides it, is told by `restrict` returning False.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

# linux/landlock.h, and the same numbers on every architecture but Alpha.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE = 1 << 0, 1 << 1
REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))  # directories, files, devices, sockets, pipes, links
REFER, TRUNCATE = 1 << 13, 1 << 14  # from ABI 2 and 3
TCP = 0b11  # bind and connect, from ABI 4
SCOPES = 0b11  # abstract sockets of, and signals to, processes outside; from ABI 6
PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h


def version() -> int:
    """The version of Landlock that this kernel speaks; 0 for none."""
    found = _libc().syscall(ctypes.c_long(CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint(VERSION_FLAG))
    return max(0, int(found))


def restrict(folder: str, writable: Iterable[str] = ()) -> bool:
    """From now on this thread, and what it starts, changes files in `folder` only, and neither executes nor connects.

    `writable` are files, devices mostly, that may be written to as well. Call it while there is one thread: others
    stay free. False where the kernel has no Landlock; raises OSError when it has and refuses.
    """
    abi, libc = version(), _libc()
    if abi < 1:
        return False
    changes = WRITE_FILE | REMOVE_AND_MAKE | (REFER if abi >= 2 else 0) | (TRUNCATE if abi >= 3 else 0)
    attributes = struct.pack("=QQQ", changes | EXECUTE, TCP if abi >= 4 else 0, SCOPES if abi >= 6 else 0)
    known = 8 if abi < 4 else 16 if abi < 6 else 24  # bytes that this kernel's struct has
    ruleset = _checked(
        libc.syscall(ctypes.c_long(CREATE_RULESET), attributes, ctypes.c_size_t(known), ctypes.c_uint(0))
    )
    _allow(libc, ruleset, folder, changes)
    for path in writable:
        _allow(libc, ruleset, path, changes & (WRITE_FILE | TRUNCATE))
    _checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(libc.syscall(ctypes.c_long(RESTRICT_SELF), ctypes.c_int(ruleset), ctypes.c_uint(0)))
    os.close(ruleset)
    return True


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, access: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rule = struct.pack("=Qi", access, place)
    asked = (ctypes.c_int(ruleset), ctypes.c_int(PATH_BENEATH), rule, ctypes.c_uint(0))
    _checked(libc.syscall(ctypes.c_long(ADD_RULE), *asked))
    os.close(place)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return result
