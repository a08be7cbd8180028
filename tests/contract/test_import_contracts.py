"""Each import contract holds, and each is broken by the import that it forbids."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "cli", "collectors", "db", "domain", "workers")

# A contract, the file that breaks it, and the import that does.
BREACHES = [
    ("The API rests on the domain, the domain on the database", "domain/money.py", "api.errors"),
    ("Workers rest on collectors, collectors on the domain", "domain/money.py", "collectors.base"),
    ("The API knows neither workers nor collectors", "api/errors.py", "workers.schedule"),
    ("The API and collectors do not know each other", "collectors/orders.py", "api.errors"),
    ("Nobody but the command line imports the command line", "db/ids.py", "cli.logs"),
    ("Codecs know bytes and values alone", "collectors/protocols/mass/build.py", "asyncpg"),
    ("Rules are pure", "domain/billing/rules.py", "db.access"),
    ("Only the API speaks GraphQL and HTTP", "workers/schedule.py", "starlette"),
    ("Only workers know arq", "collectors/orders.py", "arq"),
    ("Only messages know jinja2", "domain/identity/codes.py", "jinja2"),
    ("Only spreadsheets know openpyxl", "domain/exports/tables.py", "openpyxl"),
    ("Only one module knows stripe", "domain/topups/starting.py", "stripe"),
    (
        "Drivers do not know each other",
        "collectors/drivers/other/__init__.py",
        "collectors.drivers.mass",
    ),
]


def lint(folder: Path) -> str:
    result = subprocess.run(  # noqa: S603 - our own tool
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def breached(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what the linter says of a copy in which every contract is breached."""
    copy = tmp_path_factory.mktemp("breached")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    for _, name, module in BREACHES:
        file = copy / name
        file.parent.mkdir(exist_ok=True)
        text = file.read_text() if file.exists() else ""
        file.write_text(f"{text}\nimport {module}\n")
    return lint(copy)


def test_every_contract_holds() -> None:
    report = lint(ROOT)

    assert f"Contracts: {len(BREACHES)} kept, 0 broken." in report


@pytest.mark.parametrize("contract", [contract for contract, _, _ in BREACHES])
def test_a_forbidden_import_breaks_its_contract(breached: str, contract: str) -> None:
    assert f"{contract} BROKEN" in breached
