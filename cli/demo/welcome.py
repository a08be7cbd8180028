"""What the demo prints: where everything is, who may sign in, and something to paste."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from cli.demo.memory import Memory
from db.enums import Role

QUERY: Final = """query Meters {
  meters(first: 5) {
    totalCount
    nodes {
      serial
      registers { obis quantity { value unit } readAt }
      account { number segment balance { amount currency asOf } }
    }
  }
}"""
SUBSCRIPTION: Final = """subscription Live {
  readingReceived {
    cursor
    readings { meter { serial } reading { readAt registers { obis quantity { value unit } } } }
  }
}"""
SIGN_IN: Final = """mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { tokens { accessToken } userErrors { message } }
}"""
MAY: Final = {
    Role.ADMINISTRATOR: "everything in the company",
    Role.OPERATOR: "meters, network and balances",
    Role.AUDITOR: "everything in the company, to change nothing",
    Role.PARTNER: "devices, meters and readings",
    Role.SUBSCRIBER: "their own account, whose credit runs low soon",
    Role.DEVELOPER: "staff of the platform: any company, nobody's money",
}


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the demo's processes listen. health: by process. payments: of the twin of Stripe.

    mail: the page that shows it; None where it goes to a server of somebody's own.
    """

    api: str
    gateway: str
    health: Mapping[str, str]
    mail: str | None
    home: Path
    payments: str | None = None


def welcome(console: Console, memory: Memory, where: Whereabouts) -> None:
    """Print all that one needs to look around."""
    console.print(_addresses(where))
    console.print(_users(memory))
    socket = where.api.replace("http", "ws", 1)
    _to_paste(console, "Sign in", _curl(where, memory))
    _to_paste(console, "A query, with the header Authorization: Bearer ACCESS_TOKEN", QUERY)
    _to_paste(
        console,
        f"A subscription, over {socket}/graphql (graphql-transport-ws), begun by connection_init"
        ' with {"authorization": "Bearer ACCESS_TOKEN"}',
        SUBSCRIPTION,
    )
    console.print(f"\nLogs are in {where.home / 'logs'}. Ctrl-C stops everything; data is kept.")


def _to_paste(console: Console, title: str, text: str) -> None:
    """Print a text without a frame or a break, so that it can be copied."""
    console.print(f"\n[bold]{title}[/bold]", highlight=False, soft_wrap=True)
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _addresses(where: Whereabouts) -> Table:
    table = Table(show_header=False, title="Wattledger runs", title_justify="left")
    table.add_row("GraphQL", f"{where.api}/graphql")
    table.add_row("Collectors dial", where.gateway)
    if where.mail is not None:
        table.add_row("Mail that people got", where.mail)
    if where.payments is not None:
        table.add_row("Payments, to a twin of Stripe", f"{where.payments}; see startTopUp")
    for process, url in where.health.items():
        table.add_row(f"Health of the {process}", f"{url}/readyz, /healthz, /metrics")
    return table


def _users(memory: Memory) -> Table:
    table = Table("E-mail", "Password", "May see", title="Users", title_justify="left")
    for role, password in memory.passwords.items():
        table.add_row(memory.plan.email(Role(role)), password, MAY[Role(role)])
    return table


def _curl(where: Whereabouts, memory: Memory) -> str:
    one_line = " ".join(SIGN_IN.split())
    email = memory.plan.email(Role.ADMINISTRATOR)
    password = memory.passwords[Role.ADMINISTRATOR]
    variables = f'{{"input": {{"email": "{email}", "password": "{password}"}}}}'
    body = f'{{"query": "{one_line}", "variables": {variables}}}'
    return f"curl -s {where.api}/graphql -H 'Content-Type: application/json' -d '{body}'"
