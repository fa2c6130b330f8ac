#!/usr/bin/env python3
"""Runs `mirai-kit check` over public repositories that nobody here wrote, and draws the sample to review by hand.

  run.py FOLDER OUT --binary mirai-kit --helm helm [--only NAME]

FOLDER holds one folder per row of repositories.csv, named `owner__name` and checked out at the commit of that row. Chart
dependencies that a repository holds itself, in the version asked, are copied to where `helm dependency build` would put
them; nothing is downloaded, so charts with other dependencies stay « not evaluated ». A repository of several charts is
judged whole, then chart by chart: what the rules that compare objects find in one chart alone counts too.
OUT receives each report (`owner__name.json`), runs.csv, rules.csv, gaps.csv, sample.csv, and what of the sample is not yet
reviewed in the data file of the study (to-review.csv).

The sample is reproducible and stable: a finding's rank is a hash of the seed and of what names it, so that a corrected
rule moves only its own rows. Each rule that fires is drawn, with repositories taken in turn.
"""

import argparse
import csv
import hashlib
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = "mirai-kit 2026-11-22, second study, after corrections"
# Rules corrected after that draw: drawn again, so that the figure is not fitted to what was seen.
AGAIN = {"dashboard", "dockerfile-packages", "no-manual-deploy", "no-namespace", "references", "url-credentials", "workflow-permissions"}
REVIEW = HERE / "2026-11-22-sample.yaml"
LIMIT_SECONDS = 300
# Round of the repositories added once the rules were corrected: all of their findings are drawn.
LAST_ROUND = "3"


def libraries(folder):
    """The charts of a repository that holds several: each is also judged alone, as the one that would be deployed."""
    own = sorted(path.parent for path in folder.rglob("Chart.yaml"))
    own = [c for c in own if not any(o != c and (o / "charts") in c.parents for o in own)]
    return own if len(own) > 1 else []


def check(binary, helm, folders, report):
    """Exit code, seconds and peak memory (MiB, the largest of check and of the helm processes it waited for)."""
    command = [binary, "check", *map(str, folders), "--format", "json", "--lang", "en", "--helm", helm]
    errors = report.with_suffix(".err")
    with open(report, "wb") as out, open(errors, "wb") as err:
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=err, start_new_session=True)
        timed_out = False

        def stop(*_):
            nonlocal timed_out
            timed_out = True
            os.killpg(child.pid, signal.SIGKILL)

        signal.signal(signal.SIGALRM, stop)
        signal.alarm(LIMIT_SECONDS)
        _, status, usage = os.wait4(child.pid, 0)
        signal.alarm(0)
        seconds = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    said = errors.read_text(errors="replace")
    if timed_out:
        return "timeout", seconds, usage.ru_maxrss / 1024, said
    return child.returncode, seconds, usage.ru_maxrss / 1024, said


def complete(folder):
    """Copies into charts/ the dependencies that the repository itself holds in the version asked, as helm would."""
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("Chart.yaml"))}
    own = {}
    for path, text in texts.items():
        name, version = (re.search(rf"^{key}:\s*[\"']?([^\s\"']+)", text, re.M) for key in ("name", "version"))
        if name and version:
            own[name[1], version[1]] = path.parent
    copied = 0
    for path, text in texts.items():
        for item in re.split(r"^\s*-\s", text.partition("dependencies:")[2], flags=re.M)[1:]:
            name, version = (re.search(rf"(?:^|\s){key}:\s*[\"']?([^\s\"']+)", item) for key in ("name", "version"))
            source = own.get((name[1], version[1])) if name and version else None
            target = path.parent / "charts" / name[1] if source else None
            packed = target and any(target.parent.glob(f"{name[1]}-*.tgz"))
            if source and source != path.parent and not target.exists() and not packed:
                shutil.copytree(source, target)
                copied += 1
    return copied


def rank(rule, *parts):
    seed = f"{SEED}, again" if rule in AGAIN else SEED
    return hashlib.sha256("\0".join((seed, *parts)).encode()).hexdigest()


def sample(findings, size):
    """Findings by rule; each rule gets a share that grows as the square root of what it found, three at least if it has them."""
    by_rule = defaultdict(dict)
    for f in findings:
        # The same object shown by another line or message is the same fact to review.
        key = rank(f["rule"], f["repository"], f["rule"], f["file"], f["object"])
        by_rule[f["rule"]].setdefault(key, f)
    total = sum(math.sqrt(len(v)) for v in by_rule.values())
    drawn = []
    for rule, found in sorted(by_rule.items()):
        share = max(3, round(size * math.sqrt(len(found)) / total))
        queues = defaultdict(list)
        for key in sorted(found):
            queues[found[key]["repository"]].append(found[key])
        order = sorted(queues, key=lambda r: rank(rule, rule, r))
        turn = []
        while len(turn) < min(share, len(found)):
            for repository in order:
                if queues[repository] and len(turn) < share:
                    turn.append(queues[repository].pop(0))
        drawn.extend(turn)
    return drawn


def blind(findings, drawn):
    """The other findings in the repositories of the last round, which the corrections had not seen: each is reviewed."""
    known = {fact(f) for f in drawn}
    return [f for key, f in {fact(f): f for f in findings}.items() if key not in known]


def english(text):
    return text["en"] if isinstance(text, dict) else text


def fact(row):
    """What a verdict is given on: another object or another message is to review again; the line alone is not."""
    return tuple(english(row[key]) or "" for key in ("repository", "rule", "file", "object", "detail"))


def reviewed():
    """The verdicts of the data file: one JSON object a line, which is YAML too."""
    if not REVIEW.exists():
        return {}
    rows = [json.loads(line[2:]) for line in REVIEW.read_text(encoding="utf-8").splitlines() if line.startswith("- ")]
    return {fact(row): row for row in rows}


def table(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def rates(drawn, verdicts, count):
    """Share of false findings: in the sample, and with each rule weighing what it found in all."""
    seen, false = Counter(), Counter()
    for f in drawn:
        verdict = verdicts.get(fact(f))
        if verdict:
            seen[f["rule"]] += 1
            false[f["rule"]] += verdict["verdict"] == "false"
    total = sum(seen.values())
    weighted = sum(count[rule] * false[rule] / n for rule, n in seen.items()) / max(1, sum(count[rule] for rule in seen))
    print(f"{total} of {len(drawn)} reviewed, {sum(false.values())} false ({100 * sum(false.values()) / max(1, total):.1f} %;"
          f" weighted by rule {100 * weighted:.1f} %)", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--helm", required=True)
    parser.add_argument("--only", help="owner/name of the one repository to run")
    parser.add_argument("--size", type=int, default=160, help="findings aimed at (default: 160), those of the last round apart")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with open(HERE / "repositories.csv", encoding="utf-8") as source:
        rows = [r for r in csv.DictReader(source) if options.only in (None, r["repository"])]

    runs, findings, gaps, broken = [], [], Counter(), 0
    for row in rows:
        name = row["repository"].replace("/", "__")
        folder = options.folder / name
        if not folder.is_dir():
            sys.exit(f"{folder}: absent; clone {row['repository']} and check out {row['commit']}")
        copied = complete(folder)
        if copied:
            print(f"{row['repository']}: {copied} dependencies copied from its own charts", file=sys.stderr)
        report = options.out / f"{name}.json"
        code, seconds, memory, said = check(options.binary, options.helm, [folder, *libraries(folder)], report)
        try:
            judged, *alone = json.loads(report.read_text(encoding="utf-8"))["folders"]
        except (ValueError, KeyError, IndexError) as error:
            judged = None
            said += f" unreadable report: {error}"
        if judged is None or code not in (0, 5) or "panicked" in said:
            broken += 1
            runs.append([row["repository"], row["commit"], code, f"{seconds:.2f}", f"{memory:.0f}", "", "", "", "", ""])
            print(f"BROKEN {row['repository']} {code} {said[:300]}", file=sys.stderr)
            continue
        found = judged["findings"]
        known = {(f["rule"], f["file"], f["object"]) for f in found}
        for chart in alone:
            below = os.path.relpath(chart["path"], folder)
            for f in chart["findings"]:
                f["file"] = f"{below}/{f['file']}"
                if (f["rule"], f["file"], f["object"]) not in known:
                    found.append(f)
        if (code == 5) != any(f["severity"] == "error" for f in found):
            print(f"exit code {code} against its findings: {row['repository']}", file=sys.stderr)
            broken += 1
        findings += [{**f, "repository": row["repository"], "commit": row["commit"]} for f in found]
        for gap in judged["notEvaluated"]:
            gaps[row["repository"], gap["path"], gap["why"]["en"]] += 1
        errors = sum(f["severity"] == "error" for f in found)
        runs.append([row["repository"], row["commit"], code, f"{seconds:.2f}", f"{memory:.0f}", judged["charts"],
                     sum(judged["examined"].values()), errors, len(found) - errors, len(judged["notEvaluated"])])
        print(*runs[-1], flush=True)

    table(options.out / "runs.csv",
          ["repository", "commit", "exit", "seconds", "MiB", "charts", "examined", "errors", "warnings", "not evaluated"], runs)
    count, spread = Counter(f["rule"] for f in findings), defaultdict(set)
    for f in findings:
        spread[f["rule"]].add(f["repository"])
    table(options.out / "rules.csv", ["rule", "findings", "repositories"],
          [[rule, n, len(spread[rule])] for rule, n in sorted(count.items(), key=lambda i: (-i[1], i[0]))])
    table(options.out / "gaps.csv", ["repository", "path", "why"], sorted(gaps))
    last = {row["repository"] for row in rows if row["round"] == LAST_ROUND}
    drawn = sample(findings, options.size)
    drawn += blind([f for f in findings if f["repository"] in last], drawn)
    table(options.out / "sample.csv", ["repository", "commit", "file", "line", "rule", "object", "environments", "detail"],
          [[f["repository"], f["commit"], f["file"], f["line"] or "", f["rule"], f["object"] or "", " ".join(f["environments"]), english(f["detail"])]
           for f in drawn])
    verdicts = reviewed()
    waiting = [f for f in drawn if fact(f) not in verdicts]
    table(options.out / "to-review.csv", ["repository", "rule", "file", "line", "object", "detail"],
          [[f["repository"], f["rule"], f["file"], f["line"] or "", f["object"] or "", english(f["detail"])] for f in waiting])
    rates(drawn, verdicts, count)
    print(f"{len(rows)} repositories, {broken} broken, {len(findings)} findings of {len(count)} rules, {len(drawn)} drawn,"
          f" {sum(float(r[3]) for r in runs):.0f} s", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
