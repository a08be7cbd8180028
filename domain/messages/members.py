"""Members of a company who are told how it does, and queueing what they are told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from db.access import Connection
from db.enums import Role
from db.ids import BranchId, CompanyId, FieldId, UserId
from domain.messages.facts import Facts, kind_of
from domain.messages.queue import put

MEMBERS = """
    select m.id, m.branch_id, m.field_id, c.locale
    from member m join company c on c.id = m.company_id
    where m.company_id = $1 and m.active and m.enabled and m.role = any($2::text[])
    order by m.id
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A member, and to what their sight is confined. locale: the company's."""

    user_id: UserId
    branch_id: BranchId | None
    field_id: FieldId | None
    locale: str

    @property
    def sees_all(self) -> bool:
        return self.branch_id is None and self.field_id is None

    def sees(self, *, branch_id: BranchId, field_id: FieldId) -> bool:
        return self.branch_id in {None, branch_id} and self.field_id in {None, field_id}


async def members_with(
    connection: Connection, *, company_id: CompanyId, roles: Collection[Role]
) -> Sequence[Member]:
    """Return who signs in to a company now, with one of the roles, by their ids."""
    rows = await connection.fetch(MEMBERS, company_id, sorted(roles))
    return [
        Member(UserId(row["id"]), row["branch_id"], row["field_id"], row["locale"]) for row in rows
    ]


async def tell_member(
    connection: Connection, *, company_id: CompanyId, member: Member, facts: Facts, now: datetime
) -> None:
    """Queue a mail to a member in the transaction that does what it tells of."""
    await put(
        connection,
        company_id=company_id,
        kind=kind_of(facts),
        locale=member.locale,
        now=now,
        user_id=member.user_id,
        facts=facts,
    )
