"""Measures `mirai-kit check` beside checkov on the rules that they share, and its memory over many repositories.

Both read the same folder: the default project's charts already rendered for each environment (helm's time apart), its
Dockerfile and its workflows. checkov runs the checks that the catalogue names and no other; `check` runs all of its rules.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

REPOSITORIES = 300


def shared(root: Path) -> list[str]:
    """The checks of checkov that the catalogue says its rules equal."""
    text = "".join(p.read_text(encoding="utf-8") for p in sorted((root / "src/check/rules").rglob("*.rs")))
    found = sorted(set(re.findall(r'"checkov:(\w+)"', text)))
    if len(found) < 10:
        sys.exit(f"bench: only {len(found)} checks of checkov in the catalogue")
    return found


def project(mirai: Path, helm: Path, base: Path, env: dict[str, str]) -> tuple[Path, int]:
    """Writes what both read; answers the folder and the number of rendered files."""
    out, folder = base / "checked", base / "rendered"
    out.mkdir()
    new = [str(mirai), "new", "demo", "--defaults", "--no-git", "--set", "services_onyxia=[]", "--output", str(out)]
    subprocess.run(new, check=True, capture_output=True, env=env)
    count = 0
    for chart in sorted((out / "demo").rglob("Chart.yaml")):
        for values in sorted(chart.parent.glob("values-*.yaml")):
            done = subprocess.run([str(helm), "template", "demo", ".", "-f", values.name], cwd=chart.parent, env=env, capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"bench: helm template {chart.parent.name}: {done.stderr}")
            target = folder / values.stem.removeprefix("values-") / f"{chart.parent.name}.yaml"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(done.stdout, encoding="utf-8")
            count += 1
    application = out / "demo" / "app"
    for path in application.rglob("*"):
        if path.name == "Dockerfile" or path.parent.name == "workflows":
            target = folder / path.relative_to(application)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return folder, count


def judged(command: list[str], cwd: Path, env: dict[str, str], codes: tuple[int, ...]) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Runs a linter; answers its wall time in seconds. A verdict against the folder is an answer, not a failure."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    elapsed = time.perf_counter() - start
    if done.returncode not in codes:
        sys.exit(f"bench: {command[:3]} ended with {done.returncode}: {done.stderr[:2000]}")
    return elapsed, done


def measure(root: Path, mirai: Path, checkov: Path, helm: Path, peak: Path, base: Path, env: dict[str, str], rounds: int) -> dict:
    """Times of each round and peaks of memory, in KiB."""
    folder, files = project(mirai, helm, base, env)
    checks = shared(root)
    ours = [str(mirai), "check", str(folder), "--format", "json"]
    theirs = [str(checkov), "--directory", str(folder), "--framework", "kubernetes", "dockerfile", "github_actions", "--check", ",".join(checks)]
    theirs += ["--skip-download", "--quiet", "--compact", "--output", "json"]
    times: dict[str, list[float]] = {"check": [], "checkov": []}
    for _ in range(rounds + 1):
        for name, command, codes in (("check", ours, (0, 5)), ("checkov", theirs, (0, 1))):
            elapsed, done = judged(command, base, env, codes)
            if '"failed"' not in done.stdout and '"findings"' not in done.stdout:
                sys.exit(f"bench: {name} judged nothing: {done.stdout[:500]}")
            times[name].append(elapsed)
    # Hard links: the same bytes read under other names, without filling the disk.
    many = base / "many"
    for number in range(REPOSITORIES):
        shutil.copytree(folder, many / f"depot-{number:03}", copy_function=lambda a, b: Path(b).hardlink_to(a))
    memory: dict[int, list[int]] = {1: [], REPOSITORIES: []}
    for _ in range(max(3, rounds // 5)):
        for number, peaks in memory.items():
            folders = [str(p) for p in sorted(many.iterdir())[:number]]
            _, done = judged([str(peak), str(mirai), "check", *folders, "--format", "json"], base, env, (0, 5))
            if done.stdout.count('"examined"') != number:
                sys.exit(f"bench: {done.stdout.count(chr(34) + 'examined' + chr(34))} of {number} repositories answered for")
            peaks.append(int(done.stderr.split()[-1]))
    # The first round warms the caches.
    return {"times": {name: values[1:] for name, values in times.items()}, "memory": memory, "files": files, "checks": len(checks)}
