"""The demo as a whole: it starts from nothing, stops without a trace, and goes on where it was."""

import json
import os
import signal
import time
from pathlib import Path

import httpx
import pytest
from graphql import build_schema, parse, validate

from api.sdl import sdl
from cli.demo.welcome import QUERY, SIGN_IN, SUBSCRIPTION
from db.enums import Role
from tests.cli.demo_run import PATIENCE_S, POLL_S, DemoRun, command, demo_run, processes_of

LIVE = "Now it is live"
START = """
mutation ($input: StartTopUpInput!) { startTopUp(input: $input) { topUp { id } checkoutUrl } }
"""
TOP_UP = "query ($id: ID!) { node(id: $id) { ... on TopUp { state received { amount } } } }"

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")


def signed_in(run: DemoRun, home: Path, role: Role) -> str:
    """Sign in by the password that the demo keeps, and return the access token."""
    password = json.loads((home / "demo.json").read_text())["passwords"][role]
    assert password in run.said
    wanted = {"email": f"{role.lower()}@demo.example", "password": password}
    token: str = run.ask(SIGN_IN, input=wanted)["signIn"]["tokens"]["accessToken"]
    return token


def buy(run: DemoRun, token: str) -> dict[str, object]:
    """Buy credit on the page of the demo's twin; return the top-up once it is credited."""
    (account,) = run.ask("{ accounts(first: 1) { nodes { id } } }", token)["accounts"]["nodes"]
    wish = {
        "accountId": account["id"],
        "amount": "125.500000",
        "returnUrl": "https://app.example.com/",
        "idempotencyKey": "first",
    }
    started = run.ask(START, token, input=wish)["startTopUp"]
    form = {"card": "pm_card_visa"}
    with httpx.Client(trust_env=False, timeout=PATIENCE_S) as browser:
        assert browser.post(started["checkoutUrl"], data=form).status_code == 303
    end = time.monotonic() + PATIENCE_S
    shown: dict[str, object] = {}
    while shown.get("state") != "CREDITED":
        assert time.monotonic() < end, shown
        time.sleep(POLL_S)
        shown = run.ask(TOP_UP, token, id=started["topUp"]["id"])["node"]
    return shown


def wait_until_gone(home: Path, *, running: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while processes_of(home, running=running):
        assert time.monotonic() < end, processes_of(home, running=running)
        time.sleep(POLL_S)


def test_a_demo_runs_stops_and_goes_on(open_folder: Path) -> None:
    home = open_folder / "demo"

    with demo_run(home) as run:
        run.wait_for(LIVE)
        meters = run.ask(QUERY, signed_in(run, home, Role.ADMINISTRATOR))["meters"]
        warning = run.wait_for_mail("Krediniz azalıyor")
        bought = buy(run, signed_in(run, home, Role.SUBSCRIBER))
        verified = command(home, "ledger", "verify")
        (worker,) = processes_of(home, running="cli.main worker")
        os.kill(worker, signal.SIGKILL)
        run.wait_for("The worker ended (-9) and is started again")
        code = run.stop(signal.SIGINT)

    assert meters["totalCount"] == 20
    assert all(meter["registers"] for meter in meters["nodes"])
    assert warning["to"].endswith("@demo.example")
    assert "En küçük yükleme: " in warning["text"]
    assert f"http://localhost:{run.port}/top-up#account=A0" in warning["text"]
    assert bought == {"state": "CREDITED", "received": {"amount": "125.500000"}}
    assert (verified.returncode, "The books are right" in verified.stdout) == (0, True)
    assert (code, processes_of(home)) == (0, [])
    assert "Everything has stopped." in run.said

    before = json.loads((home / "demo.json").read_text())
    with demo_run(home) as again:
        again.wait_for(LIVE)
        shown = again.ask(QUERY, signed_in(again, home, Role.SUBSCRIBER))["meters"]
        code = again.stop(signal.SIGTERM)

    assert "is there already and goes on" in again.said
    assert json.loads((home / "demo.json").read_text()) == before
    assert [meter["serial"] for meter in shown["nodes"]] == [meters["nodes"][0]["serial"]]
    assert (code, processes_of(home)) == (0, [])


def test_a_killed_demo_leaves_nothing_that_the_next_command_does_not_end(open_folder: Path) -> None:
    home = open_folder / "killed"

    with demo_run(home) as run:
        run.wait_for("Ctrl-C stops everything")
        second = command(home, "demo")
        run.stop(signal.SIGKILL)
    wait_until_gone(home, running="cli.main")
    looked = command(home, "doctor", "--json")

    assert (second.returncode, "A demo runs from" in second.stderr) == (1, True)
    assert {check["verdict"] for check in json.loads(looked.stdout)} == {"ok"}
    assert processes_of(home) == []


def test_what_is_printed_to_paste_fits_the_schema() -> None:
    schema = build_schema(sdl())

    errors = [validate(schema, parse(text)) for text in (QUERY, SUBSCRIPTION, SIGN_IN)]

    assert errors == [[], [], []]
