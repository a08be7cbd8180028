"""Runs the benchmarks that are named, or all, and prints one table."""

import os
import platform
import sys
from datetime import UTC, datetime

from benchmarks import indicators, ingest, invoicing, postings, queries, socket_to_billed
from benchmarks.figures import table

BENCHMARKS = {
    "ingest": ingest.run,
    "socket_to_billed": socket_to_billed.run,
    "queries": queries.run,
    "postings": postings.run,
    "indicators": indicators.run,
    "invoicing": invoicing.run,
}


def main(names: list[str]) -> int:
    unknown = set(names) - BENCHMARKS.keys()
    if unknown:
        sys.stderr.write(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}\n")
        return 2
    figures = []
    for name in names or BENCHMARKS:
        for figure in BENCHMARKS[name](now=datetime.now(UTC)):
            sys.stderr.write(f"{figure.what}: {figure.measured}, {figure.ratio}\n")
            figures.append(figure)
    sys.stdout.write(f"{os.cpu_count()} cores, Python {platform.python_version()}\n\n")
    sys.stdout.write(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
