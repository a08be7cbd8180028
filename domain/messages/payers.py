"""Who pays for accounts, and telling them by each channel by which they can be reached."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from db.access import Connection
from db.enums import MessageChannel
from db.ids import AccountId, CompanyId, SubscriberId
from domain.messages.facts import Facts
from domain.messages.queue import Telling, put_all

PAYERS = """
    select a.id, a.number, a.subscriber_id, c.locale, c.message_channels, array(
        select channel from unnest(c.message_channels) channel
        where case channel when 'MAIL' then s.email when 'SMS' then s.phone end is not null
    ) as reachable_by
    from account a
    join company c on c.id = a.company_id
    left join subscriber_contact s on s.company_id = a.company_id
        and s.subscriber_id = a.subscriber_id
    where a.company_id = $1 and a.id = any($2::int8[])
"""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays for an account, and how they are told. locale: the company's."""

    account_id: AccountId
    account_number: str
    subscriber_id: SubscriberId
    channels: Sequence[MessageChannel]
    locale: str

    def tellings(
        self,
        facts: Facts,
        channels: Sequence[MessageChannel],
        *,
        reference_id: int | None = None,
    ) -> list[Telling]:
        """Return what is queued for telling them by channels. reference_id: what it is about."""
        return [
            Telling(
                account_id=self.account_id,
                subscriber_id=self.subscriber_id,
                channel=channel,
                facts=facts,
                locale=self.locale,
                reference_id=reference_id,
            )
            for channel in channels
        ]


async def payers_of(
    connection: Connection, *, company_id: CompanyId, account_ids: Collection[int]
) -> dict[int, Payer]:
    """Return who pays for accounts.

    Their channels are those of the company's by which they can be reached. Who cannot be has the
    first, and so a message that fails: somebody should see that nobody was told.
    """
    rows = await connection.fetch(PAYERS, company_id, list(account_ids))
    return {
        row["id"]: Payer(
            account_id=AccountId(row["id"]),
            account_number=row["number"],
            subscriber_id=SubscriberId(row["subscriber_id"]),
            channels=[
                MessageChannel(one) for one in row["reachable_by"] or row["message_channels"][:1]
            ],
            locale=row["locale"],
        )
        for row in rows
    }


async def tell(
    connection: Connection, *, company_id: CompanyId, payer: Payer, facts: Facts, now: datetime
) -> None:
    """Queue a message by each channel in the transaction that does what it tells of."""
    tellings = payer.tellings(facts, payer.channels)
    await put_all(connection, company_id=company_id, tellings=tellings, now=now)
