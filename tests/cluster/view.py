"""Runs a command with folders mounted where a container would see them, in a mount namespace of its own.

view.py MOUNTS ROOT COMMAND...   (MOUNTS: JSON pairs of the path seen and the path of this machine)

The root is made of this machine's own folders, bound one by one: a path that must exist without being created on the machine
has its parents copied in shape. Everything ends with the process, and nothing is written outside of ROOT.
"""

import ctypes
import json
import os
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
BIND, RECURSIVE = 0x1000, 0x4000


def mount(source, target, kind=None, flags=0):
    encoded = [None if x is None else os.fsencode(x) for x in (source, target, kind)]
    if LIBC.mount(*encoded, flags, None):
        raise OSError(ctypes.get_errno(), f"mount {source} {target}")


def bind(source, target):
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        open(target, "a").close()
    mount(source, target, flags=BIND | RECURSIVE)


def shape(folder, root, wanted):
    """Shows a folder below root, except for the paths that something else is mounted on."""
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        path = os.path.join(folder, name)
        if path in wanted:
            continue
        if os.path.islink(path):
            os.symlink(os.readlink(path), root + path)
        elif any(w.startswith(path + "/") for w in wanted):
            os.mkdir(root + path)
            shape(path, root, wanted)
        else:
            bind(path, root + path)


def main():
    mounts, root, command = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3:]
    wanted = {os.path.realpath(os.path.dirname(path)) + "/" + os.path.basename(path): source for path, source in mounts}
    mount("tmpfs", root, "tmpfs")
    shape("/", root, wanted)
    for path, source in sorted(wanted.items()):
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        bind(source, root + path)
    os.chroot(root)
    os.chdir("/app")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
