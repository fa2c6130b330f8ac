"""Runs checkov on each folder apart, in a process of its own, and prints one JSON report a line, in order; null
where checkov stops on an exception of its own.

checkov keeps objects of one `--directory` when it goes on to the next in the same process, and takes two seconds to start:
here it is loaded once, and each folder is read by a fork of that. Arguments: options of checkov, `--`, folders.
"""

import io
import json
import os
import sys
from contextlib import redirect_stdout

# Before the import: its own forks cost more than they bring on files this small.
os.environ["CHECKOV_PARALLELIZATION_TYPE"] = "none"
from checkov.main import Checkov  # noqa: E402

split = sys.argv.index("--")
options, folders = sys.argv[1:split], sys.argv[split + 1 :]
for folder in folders:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        said = io.StringIO()
        with redirect_stdout(said):
            Checkov(argv=[*options, "--directory", folder]).run()
        with os.fdopen(write, "w", encoding="utf-8") as out:
            json.dump(json.loads(said.getvalue()), out)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as answer:
        report = answer.read()
    _, status = os.waitpid(child, 0)
    # 2 is what it exits with when one of its parts stopped on an exception.
    if os.waitstatus_to_exitcode(status) not in (0, 2) or bool(report) == bool(status):
        sys.exit(f"checkov failed on {folder}: status {status}")
    print(report or "null")
