"""Orders: whatever decides, paging brings every row exactly once, forward and backward."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations, product
from typing import Any

import pytest

from api.cursors import cursor_of, place_of
from db import access
from domain import listing
from domain.accounts.queries import ACCOUNTS
from domain.filters import Comparison, Operator
from domain.hierarchy.queries import METERS, METERS_OF_RF_MODULE
from domain.ledger import operations as ledger
from domain.listing import Listing, Page, Wall, Window
from domain.metering.queries import MOUNTINGS
from domain.orders import By, Order, Place, name_of
from tests.factories import NOW, make_place
from tests.factories import Place as World

ROWS = 9
PAGE_ROWS = 2

FetchPage = Callable[[Window], Awaitable[Page]]


def wall_of(world: World) -> Wall:
    return Wall(lambda _: "true", {"company": world.company_id, "now": NOW})


async def varied() -> World:
    """Make meters of few values each, so that there are ties, and nulls among them."""
    world = await make_place(meters=ROWS)
    async with access.system() as connection:
        for number, supply in enumerate(world.supplies):
            await connection.execute(
                "update meter set make = $3, supply_confirmed_at = $4, register_digits = $5,"
                " active = $6, supply = $7 where company_id = $1 and id = $2",
                world.company_id,
                supply.meter_id,
                [None, "KLM", "Işık", "klm"][number % 4],
                None if number % 3 == 0 else NOW + timedelta(microseconds=number % 2),
                4 + number % 2,
                number % 5 == 0,
                ["ON", "OFF", "UNKNOWN"][number // 3],
            )
            await connection.execute(
                "update mounting set multiplier = $3, ended_at = $4, final_index_wh = $5"
                " where company_id = $1 and meter_id = $2",
                world.company_id,
                supply.meter_id,
                [Decimal("0.5"), Decimal("1.25"), Decimal(40)][number % 3],
                NOW if number % 2 else None,
                7 if number % 2 else None,
            )
    for number, supply in enumerate(world.supplies):
        assert supply.account_id is not None
        await ledger.credit_cash(
            company_id=world.company_id,
            account_id=supply.account_id,
            amount=Decimal("0.000001") * (1 + number % 3),
            idempotency_key=str(number),
            occurred_at=NOW,
        )
    return world


@pytest.fixture
async def world(connected: None) -> World:
    return await varied()


def orders_of(rows: Listing) -> list[Order]:
    """Return each order by one or two facets, each both ways."""
    sortable = [facet for facet in rows.facets if facet.is_sortable]
    chosen = [(facet,) for facet in sortable] + list(combinations(sortable, 2))
    return [
        tuple(By(facet, descending=way) for facet, way in zip(facets, ways, strict=True))
        for facets in chosen
        for ways in product((False, True), repeat=len(facets))
    ]


def sort_key(order: Order, page: Page, position: int) -> tuple[Any, ...]:
    """Return what Python sorts a row by: nothing is more than any value."""
    place = page.place(position)
    values = [*place.values, place.id]
    turned = [*(by.descending for by in order), order[-1].descending]
    return tuple(
        _Turned((value is None, value), way) for value, way in zip(values, turned, strict=True)
    )


class _Turned:
    """A value that is less the more it is, if it is turned."""

    def __init__(self, value: tuple[bool, Any], turned: bool) -> None:
        self.value, self.turned = value, turned

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Turned) and self.value == other.value

    def __lt__(self, other: "_Turned") -> bool:
        if self.value[0] or other.value[0]:
            less = self.value[0] < other.value[0]
            more = other.value[0] < self.value[0]
        else:
            less, more = self.value < other.value, other.value < self.value
        return more if self.turned else less

    __hash__ = None  # type: ignore[assignment] # only compared


async def walked(fetch: FetchPage, rows: Listing, order: Order, *, backward: bool) -> list[int]:
    """Return the ids of all pages from one end to the other, going by cursors as clients have."""
    found: list[int] = []
    place: Place | None = None
    for _ in range(ROWS):
        page = await fetch(
            Window(
                PAGE_ROWS,
                backward=backward,
                after=None if backward else place,
                before=place if backward else None,
                order=order,
            )
        )
        ids = [row["id"] for row in page.rows]
        found = [*ids, *found] if backward else [*found, *ids]
        assert (page.has_next if backward else page.has_previous) == (place is not None)
        if not (page.has_previous if backward else page.has_next):
            break
        cursor = cursor_of(rows.table, order, page.place(0 if backward else -1))
        place = place_of(rows.table, order, cursor)
    return found


@dataclass(frozen=True, slots=True)
class Walk:
    """The ids of all rows in an order, on one page and going by cursors; and what orders them."""

    whole: list[int]
    forward: list[int]
    backward: list[int]
    keys: list[Any]


async def walk(rows: Listing, fetch: FetchPage, order: Order) -> Walk:
    whole = await fetch(Window(ROWS, order=order))
    return Walk(
        whole=[row["id"] for row in whole.rows],
        forward=await walked(fetch, rows, order, backward=False),
        backward=await walked(fetch, rows, order, backward=True),
        keys=[sort_key(order, whole, position) for position in range(len(whole.rows))],
    )


@pytest.mark.parametrize("rows", [METERS, ACCOUNTS, MOUNTINGS], ids=lambda rows: rows.table)
async def test_every_order_brings_each_row_once_in_both_directions(
    world: World, rows: Listing
) -> None:
    async def fetch(window: Window) -> Page:
        async with access.tenant(world.company_id) as connection:
            return await listing.page(connection, rows, window=window, wall=wall_of(world))

    for order in orders_of(rows):
        found = await walk(rows, fetch, order)

        assert len(set(found.whole)) == ROWS, name_of(order)
        assert found.keys == sorted(found.keys), name_of(order)
        assert found.forward == found.backward == found.whole, name_of(order)


async def test_children_come_in_every_order_too(world: World) -> None:
    parent = world.rf_module_id

    async def fetch(window: Window) -> Page:
        async with access.tenant(world.company_id) as connection:
            pages = await listing.pages(
                connection, METERS_OF_RF_MODULE, [parent, 1], window=window, wall=wall_of(world)
            )
        assert pages[1].rows == []
        return pages[parent]

    for order in orders_of(METERS)[::7]:
        found = await walk(METERS, fetch, order)

        assert len(set(found.whole)) == ROWS, name_of(order)
        assert found.keys == sorted(found.keys), name_of(order)
        assert found.forward == found.backward == found.whole, name_of(order)


async def test_a_page_between_two_places_has_what_is_between(world: World) -> None:
    order = (By(METERS.facet("make"), descending=True), By(METERS.facet("supply_confirmed_at")))

    async def fetch(window: Window) -> Page:
        async with access.tenant(world.company_id) as connection:
            return await listing.page(connection, METERS, window=window, wall=wall_of(world))

    whole = await fetch(Window(ROWS, order=order))
    between = [
        await fetch(Window(ROWS, order=order, after=whole.place(first), before=whole.place(last)))
        for first in range(ROWS)
        for last in range(ROWS)
    ]

    expected = [whole.rows[first + 1 : last] for first in range(ROWS) for last in range(ROWS)]
    assert [[row["id"] for row in page.rows] for page in between] == [
        [row["id"] for row in rows] for rows in expected
    ]


async def test_a_condition_narrows_each_page_and_the_count(world: World) -> None:
    order = (By(METERS.facet("supply_confirmed_at")),)
    where = Comparison(METERS.facet("active"), Operator.EQ, False)

    async def fetch(window: Window) -> Page:
        async with access.tenant(world.company_id) as connection:
            narrowed = replace(window, where=where)
            return await listing.page(connection, METERS, window=narrowed, wall=wall_of(world))

    ids = await walked(fetch, METERS, order, backward=False)
    async with access.tenant(world.company_id) as connection:
        count = await listing.count(connection, METERS, wall=wall_of(world), where=where)

    expected = {supply.meter_id for number, supply in enumerate(world.supplies) if number % 5}
    assert set(ids) == expected
    assert len(ids) == count == len(expected)


async def test_a_page_selects_no_more_columns_than_are_looked_at(world: World) -> None:
    window = Window(2, columns=frozenset({"make"}))

    async with access.tenant(world.company_id) as connection:
        page = await listing.page(connection, METERS, window=window, wall=wall_of(world))
        pages = await listing.pages(
            connection,
            METERS_OF_RF_MODULE,
            [world.rf_module_id],
            window=window,
            wall=wall_of(world),
        )

    assert [list(row.keys()) for row in page.rows] == [["id", "make", "key_0"]] * 2
    assert list(pages[world.rf_module_id].rows[0].keys()) == ["of_parent", "id", "make", "key_0"]
    assert page.place(1) == pages[world.rf_module_id].place(1)
