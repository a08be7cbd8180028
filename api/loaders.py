"""The dataloaders of one operation or event. They cache: never keep one for the next operation."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from strawberry.dataloader import DataLoader

from api.profile_spans import ProfileSeries, profile_series_of, sum_checks_of
from api.reach import Reach
from api.spans import Span, SpanSeries, series_of
from db.access import Connection, tenant
from domain import listing
from domain.accounts import outlooks
from domain.accounts.forecasts import Forecast
from domain.accounts.queries import Standing, standings
from domain.filters import EVERYTHING, Condition
from domain.frames.listings import bodies
from domain.hierarchy import health
from domain.hierarchy.rules import DeviceFacts
from domain.invoices.listings import allocations, parts
from domain.invoices.rules import Parts
from domain.ledger.statements import Statement, statements
from domain.listing import Listing, Page, Record, Relation, Wall, Window
from domain.messages import listings as messages
from domain.messages.listings import Event, Said
from domain.metering.queries import (
    MeterPlace,
    Payer,
    meters_of_points,
    payers_of_points,
    places_of_meters,
)
from domain.readings.queries import Latest, latest
from domain.subscribers import contacts, protection
from domain.subscribers.contacts import Contact
from domain.subscribers.keyring import Keyring
from domain.subscribers.protection import Detail
from domain.tariffs.courses import Contradiction
from domain.tariffs.flows import Span as Stretch
from domain.topups.listings import automatic_of_accounts

BATCH_MAX = 1_000

Found = TypeVar("Found")
Default = TypeVar("Default")
Fetch = Callable[[Connection, Sequence[int], Wall], Awaitable[dict[int, Found]]]


class Loaders:
    """Loaders by what they load; each batch is one query behind the caller's wall."""

    def __init__(self, reach: Reach, keyring: Keyring) -> None:
        self.reach = reach
        self._keyring = keyring
        self._made: dict[Hashable, DataLoader[int, Any]] = {}

    def row(self, rows: Listing) -> DataLoader[int, Record | None]:
        """Load rows by id; None where there is none, or none for this caller."""
        return self._loader(
            ("row", rows.table),
            lambda connection, ids, wall: listing.by_ids(connection, rows, ids, wall=wall),
            default=None,
        )

    def page(self, relation: Relation, window: Window) -> DataLoader[int, Page]:
        """Load pages of the rows that belong to a parent, by the parent's id."""
        empty = Page((), has_previous=False, has_next=False)
        return self._loader(
            ("page", relation, window),
            lambda connection, ids, wall: listing.pages(
                connection, relation, ids, window=window, wall=wall
            ),
            default=empty,
        )

    def count(self, relation: Relation, where: Condition = EVERYTHING) -> DataLoader[int, int]:
        """Load how many rows belong to a parent, by the parent's id."""
        return self._loader(
            ("count", relation, where),
            lambda connection, ids, wall: listing.counts(
                connection, relation, ids, wall=wall, where=where
            ),
            default=0,
        )

    @property
    def place_of_meter(self) -> DataLoader[int, MeterPlace | None]:
        return self._loader(
            "place_of_meter",
            lambda connection, ids, wall: places_of_meters(connection, ids, wall=wall),
            default=None,
        )

    @property
    def meter_of_point(self) -> DataLoader[int, int | None]:
        return self._loader(
            "meter_of_point",
            lambda connection, ids, wall: meters_of_points(connection, ids, wall=wall),
            default=None,
        )

    @property
    def payers_of_point(self) -> DataLoader[int, list[Payer]]:
        return self._loader(
            "payers_of_point",
            lambda connection, ids, wall: payers_of_points(connection, ids, wall=wall),
            default=[],
        )

    @property
    def automatic_of_account(self) -> DataLoader[int, int | None]:
        return self._loader(
            "automatic_of_account",
            lambda connection, ids, wall: automatic_of_accounts(connection, ids, wall=wall),
            default=None,
        )

    @property
    def standing(self) -> DataLoader[int, Standing | None]:
        """Load how accounts stand, by account."""
        return self._loader(
            "standing",
            lambda connection, ids, wall: standings(connection, ids, wall=wall),
            default=None,
        )

    def statement(self, start: datetime, end: datetime) -> DataLoader[int, Statement | None]:
        """Load statements of a span, by account."""
        return self._loader(
            ("statement", start, end),
            lambda connection, ids, wall: statements(
                connection, ids, start=start, end=end, wall=wall
            ),
            default=None,
        )

    @property
    def forecast(self) -> DataLoader[int, Forecast | None]:
        """Load for how long the credit of accounts lasts, by account."""
        return self._loader(
            "forecast",
            lambda connection, ids, wall: outlooks.of_accounts(connection, ids, wall=wall),
            default=None,
        )

    @property
    def latest(self) -> DataLoader[int, Latest | None]:
        """Load the newest registers, by meter."""
        return self._loader(
            "latest",
            lambda connection, ids, wall: latest(connection, ids, wall=wall),
            default=None,
        )

    def device_facts(self, table: str) -> DataLoader[int, DeviceFacts | None]:
        """Load what health follows from; table: `rf_module` or `collector`."""
        return self._loader(
            ("device_facts", table),
            lambda connection, ids, wall: health.facts(connection, table, ids, wall=wall),
            default=None,
        )

    @property
    def field_health(self) -> DataLoader[int, health.FieldHealth]:
        return self._loader(
            "field_health",
            lambda connection, ids, wall: health.by_field(connection, ids, wall=wall),
            default=health.FieldHealth(),
        )

    @property
    def frame_body(self) -> DataLoader[int, bytes | None]:
        """Load the bytes of frames."""
        return self._loader(
            "frame_body",
            lambda connection, ids, wall: bodies(connection, ids, wall=wall),
            default=None,
        )

    @property
    def contact(self) -> DataLoader[int, Contact | None]:
        """Load people's data, by subscriber; that it was looked at is recorded."""
        return self._recording(
            "contact",
            lambda connection, ids: contacts.read(
                connection, self._keyring, ids, wall=self.reach.wall
            ),
        )

    @property
    def protection(self) -> DataLoader[int, Detail | None]:
        """Load why subscribers are protected, by proof; that it was looked at is recorded."""
        return self._recording(
            "protection",
            lambda connection, ids: protection.read(
                connection, self._keyring, ids, wall=self.reach.wall
            ),
        )

    @property
    def message_history(self) -> DataLoader[int, list[Event]]:
        """Load what happened to messages."""
        return self._loader(
            "message_history",
            lambda connection, ids, wall: messages.histories(connection, ids, wall=wall),
            default=[],
        )

    @property
    def message_said(self) -> DataLoader[int, Said | None]:
        """Load what messages said, and to whom; that it was looked at is recorded."""
        return self._recording(
            "message_said",
            lambda connection, ids: messages.read(
                connection, self._keyring, ids, wall=self.reach.wall
            ),
        )

    def series(self, span: Span) -> DataLoader[int, SpanSeries]:
        """Load readings or energy of a span, by meter."""
        return self._loader(
            ("series", span),
            lambda connection, ids, wall: series_of(connection, ids, span, wall=wall),
            default=SpanSeries(),
        )

    def profile_series(self, span: Span, channel: str | None) -> DataLoader[int, ProfileSeries]:
        """Load the profile of a span, by meter. channel: None for what is charged by."""
        return self._loader(
            ("profile_series", span, channel),
            lambda connection, ids, wall: profile_series_of(
                connection, ids, span, channel, now=self.reach.now, wall=wall
            ),
            default=ProfileSeries(),
        )

    def sum_checks(self, span: Stretch) -> DataLoader[int, list[Contradiction]]:
        """Load where profiles do not add up to the total register, by meter."""
        return self._loader(
            ("sum_checks", span),
            lambda connection, ids, wall: sum_checks_of(connection, ids, span, wall=wall),
            default=[],
        )

    @property
    def invoice_parts(self) -> DataLoader[int, Parts]:
        """Load lines and taxes, by invoice."""
        return self._loader(
            "invoice_parts",
            lambda connection, ids, wall: parts(connection, ids, wall=wall),
            default=Parts(),
        )

    def allocations(self, of: str) -> DataLoader[int, list[Record]]:
        """Load what pays what. of: `invoice_id` or `payment_id`."""
        return self._loader(
            ("allocations", of),
            lambda connection, ids, wall: allocations(connection, ids, of=of, wall=wall),
            default=[],
        )

    def _recording(
        self,
        key: Hashable,
        fetch: Callable[[Connection, Sequence[int]], Awaitable[dict[int, Found]]],
    ) -> DataLoader[int, Found | None]:
        if key not in self._made:

            async def load(ids: list[int]) -> list[Found | None]:
                async with tenant(self.reach.caller.company_id) as connection:
                    found = await fetch(connection, ids)
                return [found.get(row_id) for row_id in ids]

            self._made[key] = DataLoader(load_fn=load, max_batch_size=BATCH_MAX)
        return self._made[key]

    def _loader(
        self, key: Hashable, fetch: Fetch[Found], *, default: Default
    ) -> DataLoader[int, Found | Default]:
        if key not in self._made:

            async def load(ids: list[int]) -> list[Found | Default]:
                async with self.reach.connection() as connection:
                    found = await fetch(connection, ids, self.reach.wall)
                return [found.get(row_id, default) for row_id in ids]

            self._made[key] = DataLoader(load_fn=load, max_batch_size=BATCH_MAX)
        return cast("DataLoader[int, Found | Default]", self._made[key])
