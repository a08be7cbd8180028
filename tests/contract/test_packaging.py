"""The lock is fresh, our package names are ours alone, and what ships may ship."""

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = {"api", "benchmarks", "cli", "collectors", "db", "domain", "tests", "workers"}
FORBIDDEN_LICENCES = re.compile(r"\b(AGPL|GPL|BUSL|BSL|Business Source)", re.IGNORECASE)
# Lesser GPL allows to be used as a library.
LESSER = re.compile(r"LGPL|Lesser", re.IGNORECASE)


def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text())


def required(requirements: list[str]) -> set[tuple[str, str]]:
    """Return name and version range of requirements, without extras and spaces."""
    found = (re.fullmatch(r"([\w.-]+)(?:\[.*?\])?\s*(.*)", text) for text in requirements)
    return {(match[1].lower(), match[2].replace(" ", "")) for match in found if match}


def test_the_lock_is_made_from_these_requirements() -> None:
    project = toml("pyproject.toml")
    (locked,) = [p for p in toml("uv.lock")["package"] if p["name"] == "wattledger"]
    metadata = locked["metadata"]

    assert {(r["name"], r.get("specifier", "")) for r in metadata["requires-dist"]} == required(
        project["project"]["dependencies"]
    )
    assert {
        (r["name"], r.get("specifier", "")) for r in metadata["requires-dev"]["dev"]
    } == required(project["dependency-groups"]["dev"])


def test_no_dependency_ships_our_package_names() -> None:
    shipped = {
        str(dist.metadata["Name"]): names & PACKAGES
        for dist in distributions()
        if dist.metadata["Name"] != "wattledger"
        and (names := {file.parts[0] for file in dist.files or [] if len(file.parts) > 1})
    }

    assert {name: ours for name, ours in shipped.items() if ours} == {}


def test_no_shipped_dependency_has_a_forbidden_licence() -> None:
    shipped = _shipped_names()
    refused = {}
    for dist in distributions():
        metadata = dist.metadata
        if str(metadata["Name"]).lower().replace("_", "-") not in shipped:
            continue
        licence = " ".join(
            [
                *(metadata.get_all("License-Expression") or []),
                *(c for c in metadata.get_all("Classifier") or [] if c.startswith("License")),
            ]
        )
        if FORBIDDEN_LICENCES.search(LESSER.sub("", licence)):
            refused[str(metadata["Name"])] = licence

    assert refused == {}


def _shipped_names() -> set[str]:
    """Return what the lock installs without the development group."""
    packages = {package["name"]: package for package in toml("uv.lock")["package"]}
    names, waiting = set(), ["wattledger"]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += [d["name"] for d in packages[name].get("dependencies", [])]
    return names
