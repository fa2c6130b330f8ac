"""Reads N.in under YAML 1.1 (libyaml) and compares with N.expected, what YAML 1.2 read; reads N.py as Python and compares
its literals with N.literals. Prints how many files were read.

A date stays a text on both sides (YAML 1.1 would make a date of it); any other difference in value or type is an error,
and so is a duplicate key.
"""

import ast
import json
import pathlib
import sys

import yaml


class Loader(yaml.CSafeLoader):
    """libyaml, duplicate keys refused."""


def mapping(loader, node, deep=False):
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
    if len(keys) != len({repr(key) for key in keys}):
        raise yaml.constructor.ConstructorError(None, None, f"duplicate key among {keys}", node.start_mark)
    loader.flatten_mapping(node)
    return {loader.construct_object(k, deep=True): loader.construct_object(v, deep=True) for k, v in node.value}


Loader.add_constructor("tag:yaml.org,2002:map", mapping)


def plain(value):
    """Keys as JSON has them: `on:` of a GitHub workflow is a boolean key for YAML 1.1 and its reader knows it."""
    if isinstance(value, dict):
        return {("on" if key is True else str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


errors, count = [], 0
for source in sorted(pathlib.Path(sys.argv[1]).glob("*.in")):
    expected = json.loads(source.with_suffix(".expected").read_text(encoding="utf-8"))
    try:
        documents = [plain(d) for d in yaml.load_all(source.read_text(encoding="utf-8"), Loader=Loader) if d is not None]
    except yaml.YAMLError as error:
        errors.append(f"{expected['path']}: {error}")
        continue
    count += 1
    wanted = [d for d in expected["documents"] if d is not None]
    if json.dumps(documents, sort_keys=True, default=repr) != json.dumps(wanted, sort_keys=True):
        errors.append(f"{expected['path']}: YAML 1.1 reads {json.dumps(documents, default=repr)[:600]} and YAML 1.2 {json.dumps(wanted)[:600]}")
for source in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    expected = json.loads(source.with_suffix(".literals").read_text(encoding="utf-8"))
    try:
        tree = ast.parse(source.read_text(encoding="utf-8"))
    except SyntaxError as error:
        errors.append(f"{expected['path']}: {error}")
        continue
    count += 1
    assigned = [n for n in tree.body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant)]
    read = {n.targets[0].id: n.value.value for n in assigned}
    for name, value in (expected["literals"] or {}).items():
        if read.get(name) != value:
            errors.append(f"{expected['path']}: {name} reads back {read.get(name)!r} instead of {value!r}")
if errors:
    sys.exit("\n".join(errors[:10]) + f"\n{len(errors)} files differ")
print(count)
