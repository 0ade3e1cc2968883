"""Prints what llvm-cov counted, names the lines that were never reached, and fails where the job logic has too many."""

import json
import sys

# What must be reached. The rest is printed.
JOB_LOGIC = "guest/src/job/"

# Percent of its regions. What is missing are arms that a type demands and no job can take.
BAR = 98.5


def executed_lines(entry):
    """(reached, all) line numbers of a file, from its segments."""
    reached, everything = set(), set()
    segments = entry["segments"]
    for here, following in zip(segments, segments[1:]):
        line, _, count, has_count, _, is_gap = here
        if not has_count or is_gap:
            continue
        for number in range(line, following[0] + 1):
            everything.add(number)
            if count:
                reached.add(number)
    return reached, everything


def main(path):
    with open(path, encoding="utf-8") as file:
        files = json.load(file)["data"][0]["files"]
    bad = []
    totals, of_jobs = [0, 0], [0, 0]
    for entry in sorted(files, key=lambda entry: entry["filename"]):
        name = "guest/" + entry["filename"].split("/guest/")[-1]
        if "/tests" in name or name.endswith(("testing.rs", "fake_vault.rs")):
            continue
        lines, regions = entry["summary"]["lines"], entry["summary"]["regions"]
        totals[0] += regions["covered"]
        totals[1] += regions["count"]
        if name.startswith(JOB_LOGIC):
            of_jobs[0] += regions["covered"]
            of_jobs[1] += regions["count"]
        print(
            f"{name:52} lines {lines['percent']:6.2f} %   "
            f"regions {regions['covered']:5}/{regions['count']:<5} {regions['percent']:6.2f} %"
        )
        reached, everything = executed_lines(entry)
        if name.startswith(JOB_LOGIC) and everything - reached:
            bad.append((name, sorted(everything - reached)))
    for name, missing in bad:
        print(f"never reached: {name}: lines {', '.join(map(str, missing))}")
    share = 100 * of_jobs[0] / of_jobs[1]
    print(f"job logic: regions {of_jobs[0]}/{of_jobs[1]} {share:.2f} %, at least {BAR} % wanted")
    print(f"all: regions {totals[0]}/{totals[1]} {100 * totals[0] / totals[1]:.2f} %")
    return 0 if share >= BAR else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
