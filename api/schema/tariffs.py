"""Tariffs, as far as accounts name them."""

import strawberry

from api.schema.node import Node
from db.enums import Scope
from domain.tariffs.queries import TARIFFS


@strawberry.type(description="A price list.")
class Tariff(Node, listing=TARIFFS, scope=Scope.ACCOUNTS_READ):
    name: str = strawberry.field(description="What it is called.")
