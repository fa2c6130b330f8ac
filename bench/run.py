#!/usr/bin/env python3
"""Measures mirai-kit beside its peers, as ratios in one run, and writes docs/bench.md.

Every round runs each program once, in turn, so that a busy machine slows all of them alike; a ratio is taken within a
round, and the table gives its median and its spread over the rounds. Nothing here is a test: no figure fails a build.

Usage: bench/run.py --mirai-kit BIN --cargo-generate BIN --venv DIR --empty BIN --peak BIN --checkov BIN --helm BIN [--rounds N] [--write FILE]
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import check

FILES = 60
SUBSTITUTIONS = 4
ANSWERS = {f"v{i}": f"valeur-{i}" for i in range(15)}
PARAGRAPH = "Le texte qui entoure les substitutions, tel qu'un vrai gabarit en contient, ligne apres ligne.\n"


class Peer:
    """A program, its delimiters, and the command that generates one project."""

    def __init__(self, name: str, variable: str, condition: tuple[str, str], suffix: str, root: str) -> None:
        self.name, self.variable, self.condition, self.suffix, self.root = name, variable, condition, suffix, root

    def content(self, number: int) -> str:
        """The template of one file: the same output for every peer."""
        lines = []
        for i in range(SUBSTITUTIONS):
            value = self.variable.format(f"v{(number + i) % len(ANSWERS)}")
            lines.append(f"cle{i}: {value}\n" + PARAGRAPH.replace("Le", "# Le") * 5)
        start, end = self.condition
        return "".join(lines) + start.format("v0") + "vrai: 1\n" + end


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def templates(base: Path) -> dict[str, Path]:
    """Writes the same 60-file template in the format of each peer."""
    jinja = ("{{% if {0} %}}", "{% endif %}")
    peers = [
        Peer("mirai-kit", "{{{{ {} }}}}", jinja, ".tera", "modules/m/files/t"),
        Peer("copier", '"{{{{ {} }}}}"', jinja, ".jinja", ""),
        Peer("cookiecutter", '"{{{{ cookiecutter.{} }}}}"', ("{{% if cookiecutter.{0} %}}", "{% endif %}"), "", "{{ cookiecutter.nom }}"),
        Peer("cargo-generate", '"{{{{{}}}}}"', ("{{% if {0} %}}", "{% endif %}"), "", ""),
    ]
    folders = {}
    for peer in peers:
        folder = base / "templates" / peer.name
        for number in range(FILES):
            write(folder / peer.root / f"d{number % 10}" / f"f{number}.yaml{peer.suffix}", peer.content(number))
        folders[peer.name] = folder
    questions = "".join(f"  - {{id: {k}, type: text, title: {{fr: {k}, en: {k}}}}}\n" for k in ANSWERS)
    kit = folders["mirai-kit"]
    write(kit / "kit.yaml", "format: mirai-kit/v1\nid: bench\nversion: '1'\ntitle: {fr: b, en: b}\nmodules: [m]\nrepositories: '[]'\nquestions:\n" + questions)
    write(kit / "modules/m/module.yaml", "id: m\ntitle: {fr: m, en: m}\nfiles: [{from: t, to: ''}]\n")
    write(base / "answers.yaml", "".join(f'{k}: "{v}"\n' for k, v in ANSWERS.items()))
    write(folders["copier"] / "copier.yml", "_exclude: [copier.yml]\n" + "".join(f"{k}: {{type: str, default: ''}}\n" for k in ANSWERS))
    write(folders["cookiecutter"] / "cookiecutter.json", json.dumps({"nom": "projet", **ANSWERS}))
    write(folders["cargo-generate"] / "cargo-generate.toml", "[template]\nignore = ['cargo-generate.toml']\n[placeholders]\n" + "".join(f'{k} = {{ type = "string", prompt = "{k}" }}\n' for k in ANSWERS))
    write(base / "values.toml", "[values]\n" + "".join(f'{k} = "{v}"\n' for k, v in ANSWERS.items()))
    return folders


def run(command: list[str], cwd: Path, env: dict[str, str]) -> tuple[float, str]:
    """Runs a command; answers its wall time in seconds and what it said on stderr."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    elapsed = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} failed with {done.returncode}: {done.stderr}")
    return elapsed, done.stderr


def summary(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} – {max(values):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser()
    for option in ("mirai-kit", "cargo-generate", "venv", "empty", "peak", "checkov", "helm"):
        parser.add_argument(f"--{option}", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    programs = (args.mirai_kit, args.cargo_generate, args.venv, args.empty, args.peak)
    mirai, generate, venv, empty, launcher = (p.absolute() for p in programs)
    base = Path(tempfile.mkdtemp(prefix="mirai-bench-"))
    env = {**os.environ, "USER": "bench", "HOME": str(base), "GIT_CONFIG_GLOBAL": os.devnull, "CARGO_HOME": str(base / "cargo")}
    try:
        folders = templates(base)
        out = base / "out"
        equal = {
            "mirai-kit": [str(mirai), "new", "projet", "--kit", str(folders["mirai-kit"]), "--answers", str(base / "answers.yaml"), "--output", str(out), "--no-git"],
            "cargo-generate": [str(generate), "generate", "--path", str(folders["cargo-generate"]), "--name", "projet", "--silent", "--vcs", "none", "--values-file", str(base / "values.toml"), "--destination", str(out)],
            "cookiecutter": [str(venv / "bin/cookiecutter"), str(folders["cookiecutter"]), "--no-input", "--output-dir", str(out)],
            "copier": [str(venv / "bin/copier"), "copy", "--defaults", "--quiet", "--data-file", str(base / "answers.yaml"), str(folders["copier"]), str(out / "projet")],
        }
        times: dict[str, list[float]] = {}
        memory: list[int] = []

        def once(name: str, command: list[str]) -> float:
            elapsed, _ = run(command, base, env)
            times.setdefault(name, []).append(elapsed)
            return elapsed

        def fresh() -> None:
            """An empty output folder, and nothing of the previous run left to write: `new` would pay for it in its syncfs."""
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            os.sync()

        for number in range(args.rounds + 1):
            for name, command in equal.items():
                fresh()
                once(name, command)
                if number == 0:
                    shutil.copytree(out / "projet", base / "first" / name)
            fresh()
            once("new --no-git", [str(mirai), "new", "demo", "--defaults", "--no-git", "--output", str(out)])
            if number == 0:
                shutil.copytree(out / "demo", base / "model")
            fresh()
            once("cp -r", ["cp", "-r", str(base / "model"), str(out / "demo")])
            fresh()
            _, said = run([str(launcher), str(mirai), "new", "demo", "--defaults", "--no-git", "--output", str(out)], base, env)
            memory.append(int(said.split()[-1]))
            for _ in range(5):
                once("--version", [str(mirai), "--version"])
                once("empty program", [str(empty)])
        files = [f"d{n % 10}/f{n}.yaml" for n in range(FILES)]
        for name in equal:
            _, wrong, missing = filecmp.cmpfiles(base / "first/mirai-kit", base / "first" / name, files, shallow=False)
            if wrong or missing:
                sys.exit(f"bench: {name} did not give the same {FILES} files: {(wrong + missing)[:3]}")
        linter = check.measure(Path(__file__).resolve().parent.parent, mirai, args.checkov.absolute(), args.helm.absolute(), launcher, base, env, args.rounds)
        count = sum(len(f) for _, _, f in os.walk(out / "demo"))
        # The first round warms the caches.
        times = {name: values[5 if name in ("--version", "empty program") else 1 :] for name, values in times.items()}

        def ratio(a: str, b: str) -> list[float]:
            return [x / y for x, y in zip(times[a], times[b], strict=True)]

        start_up = [(a - b) * 1000 for a, b in zip(times["--version"], times["empty program"], strict=True)]
        rows = [
            (f"`new --no-git` (embedded kit, {count} files) / `cp -r` of its output", "≤ 3", summary(ratio("new --no-git", "cp -r"))),
            (f"equal {FILES}-file template: mirai-kit / copier {version('copier', venv)}", "≤ 0.033", summary_fine(ratio("mirai-kit", "copier"))),
            (f"equal {FILES}-file template: mirai-kit / cargo-generate {tool_version(generate)}", "≤ 0.5", summary(ratio("mirai-kit", "cargo-generate"))),
            (f"equal {FILES}-file template: mirai-kit / cookiecutter {version('cookiecutter', venv)}", "–", summary_fine(ratio("mirai-kit", "cookiecutter"))),
            ("start-up: `--version` less an empty Rust program, ms", "≤ 3", summary(start_up)),
            ("peak memory of `new`, MiB", "≤ 15", f"{statistics.median(memory) / 1024:.1f} ({min(memory) / 1024:.1f} – {max(memory) / 1024:.1f})"),
        ]
        sides = [x / y for x, y in zip(linter["times"]["checkov"], linter["times"]["check"], strict=True)]
        kit = {number: [peak / 1024 for peak in peaks] for number, peaks in linter["memory"].items()}
        growth = [x / y for x, y in zip(kit[check.REPOSITORIES], kit[1], strict=True)]
        rows += [
            (f"checkov {version('checkov', args.checkov.absolute().parent.parent / 'checkov')} on the {linter['checks']} checks shared / `check` with all its rules, default project ({linter['files']} rendered files)", "≥ 20", summary(sides)),
            ("peak memory of `check` of one repository, MiB", "–", summary(kit[1])),
            (f"peak memory of `check` of {check.REPOSITORIES} repositories in one run / of one", "does not grow", summary(growth)),
        ]
        times.update({"check (rendered)": linter["times"]["check"], "checkov": linter["times"]["checkov"]})
        table = "| measure | goal | median (min – max) |\n|---|---|---|\n" + "".join(f"| {a} | {b} | {c} |\n" for a, b, c in rows)
        table += "\nMedian wall times of the same run, in milliseconds: " + ", ".join(f"{n} {statistics.median(v) * 1000:.1f}" for n, v in times.items()) + ".\n"
        print(table)
        if args.write:
            head = args.write.read_text(encoding="utf-8").split("<!-- table -->")[0] if args.write.exists() else "# Measures\n\n"
            args.write.write_text(f"{head}<!-- table -->\n\n{table}", encoding="utf-8")
    finally:
        shutil.rmtree(base, ignore_errors=True)


def summary_fine(values: list[float]) -> str:
    return f"{statistics.median(values):.4f} ({min(values):.4f} – {max(values):.4f})"


def version(package: str, venv: Path) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([str(venv / "bin/python"), "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def tool_version(program: Path) -> str:
    return subprocess.run([str(program), "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]


if __name__ == "__main__":
    main()
