"""Writes the first inputs of the fuzzer: the files of every rule's examples, good and bad, each under its sort (the order
of PATHS in src/check.rs).

usage: seeds.py ROOT FOLDER"""
import pathlib
import re
import sys

import yaml

root, folder = map(pathlib.Path, sys.argv[1:])
listed = re.search(r"const PATHS: .*?= \[(.*?)\];", (root / "fuzz/src/check.rs").read_text(encoding="utf-8"), re.S)
names = [path.rsplit("/", 1)[-1] for path in re.findall(r'"([^"]+)"', listed[1])]
folder.mkdir(parents=True, exist_ok=True)
written = 0


def sort(path):
    """The sort of a path: its name, or its extension for SQL and Python; a manifest otherwise."""
    name = path.rsplit("/", 1)[-1]
    if name == "rendered.yaml":
        return names.index("rendered")
    alike = [n for n in names if n == name or (name.endswith((".sql", ".py")) and n.endswith(name[name.rindex("."):]))]
    return names.index(alike[0]) if alike else 0


def write(rule, path, content):
    global written
    (folder / f"{rule}-{written}").write_bytes(bytes([sort(path)]) + content.encode())
    written += 1


for file in sorted((root / "src/check/catalog/examples").glob("*.yaml")):
    examples = yaml.safe_load(file.read_text(encoding="utf-8"))
    for path, content in examples["good"].items():
        write(file.stem, path, content)
    for change in examples["bad"] + examples.get("fine", []):
        for path, edit in change.items():
            if isinstance(edit, str):
                write(file.stem, path, edit)
            elif edit:
                write(file.stem, path, examples["good"][path].replace(edit["replace"], edit["by"]))
assert written > 100, written
print(written, "seeds")
