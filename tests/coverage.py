"""Says which parts of the guest its native tests run, test code left out, and fails where too much of the job logic is never reached."""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

# What must be reached. The rest is printed.
JOB_LOGIC = "guest/src/job/"

# Percent of its parts: all of them.
BAR = 100

# Code that only tests have.
OF_TESTS = re.compile(r"/(tests|testing|fake_vault)(/|\.rs$)")

# A part of the code itself; llvm-cov has other kinds, for gaps and expansions.
CODE = 0


def test_code(path):
    """The lines of a file's items that only tests have, as (first, last)."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    found = []
    for at, line in enumerate(lines):
        if line.strip() == "#[cfg(test)]":
            indent = line[: len(line) - len(line.lstrip())]
            end = at + 1
            while end < len(lines) and not (
                lines[end] == indent + "}" or (end == at + 1 and lines[end].endswith(";"))
            ):
                end += 1
            found.append((at + 1, end + 1))
    return found


def parts(functions):
    """By file, each part's place and how often it ran, over all the types it was made for."""
    found = defaultdict(lambda: defaultdict(int))
    for function in functions:
        for first, column, last, end, count, file, _, kind in function["regions"]:
            name = function["filenames"][file]
            if kind == CODE and "/guest/src/" in name and not OF_TESTS.search(name):
                place = (first, column, last, end)
                found[name][place] = max(found[name][place], count)
    return found


def main(path):
    with open(path, encoding="utf-8") as file:
        functions = json.load(file)["data"][0]["functions"]
    totals, of_jobs, unreached = [0, 0], [0, 0], []
    for name, places in sorted(parts(functions).items()):
        tests = test_code(name)
        own = {
            place: count
            for place, count in places.items()
            if not any(first <= place[0] <= last for first, last in tests)
        }
        if not own:
            continue
        short = "guest/" + name.split("/guest/")[-1]
        missed = sorted(place for place, count in own.items() if not count)
        reached = len(own) - len(missed)
        for sums in (totals, of_jobs) if short.startswith(JOB_LOGIC) else (totals,):
            sums[0] += reached
            sums[1] += len(own)
        print(f"{short:56} {reached:5}/{len(own):<5} {100 * reached / len(own):6.2f} %")
        unreached += [(short, place) for place in missed]
    for short, (first, column, last, _) in unreached:
        print(f"never reached: {short}:{first}:{column}" + (f" to {last}" if last > first else ""))
    share = 100 * of_jobs[0] / of_jobs[1]
    print(f"all: {totals[0]}/{totals[1]} parts, {100 * totals[0] / totals[1]:.2f} %")
    print(f"job logic: {of_jobs[0]}/{of_jobs[1]} parts, {share:.2f} %, at least {BAR} % wanted")
    return 0 if share >= BAR else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
