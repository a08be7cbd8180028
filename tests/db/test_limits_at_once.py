"""What a company may have at most holds, too, when several ask at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import asyncpg
import pytest

from db import access
from db.enums import JobKind, Role, Scope
from db.ids import CompanyId, FileId, JobId, UserId
from db.settings import Urls
from domain.files import uploads
from domain.files.limits import FILE_BYTES_MAX, STORED_BYTES_MAX
from domain.files.uploads import StorageFull
from domain.identity import invitations, own_roles
from domain.identity.keys import Keys
from domain.identity.rules import GivenRole, Giver
from domain.identity.rules import Place as Confinement
from domain.longwork import jobs
from domain.longwork.jobs import UNFINISHED_MAX, Asker, TooManyJobs
from tests.factories import NOW, make_place
from tests.waiting import others_wait

AT_ONCE = 3
ASKER = Asker(user_id=None, role=None, scopes=frozenset(Scope))


@pytest.fixture
async def company_id(connected: None) -> CompanyId:
    return (await make_place(meters=0)).company_id


async def at_once(database: Urls, table: str, ask: Callable[[], Awaitable[object]]) -> list[object]:
    """Ask several times; nobody writes to the table before everybody could look at it."""
    owner = await asyncpg.connect(database.owner)
    try:
        async with owner.transaction():
            await owner.execute(f"lock table {table} in share mode")
            asking = asyncio.gather(*(ask() for _ in range(AT_ONCE)), return_exceptions=True)
            await others_wait(owner, AT_ONCE)
        return await asking
    finally:
        await owner.close()


async def queue(company_id: CompanyId) -> JobId:
    return await jobs.queue(
        company_id=company_id, kind=JobKind.EXPORT, asker=ASKER, input={}, now=NOW
    )


async def announce(company_id: CompanyId, size: int) -> FileId:
    return await uploads.announce(
        company_id=company_id,
        user_id=None,
        name="file.csv",
        mime_type="text/csv",
        size=size,
        sha256=None,
        now=NOW,
    )


async def number(company_id: CompanyId, query: str) -> int:
    async with access.tenant(company_id) as connection:
        return int(await connection.fetchval(query, company_id))


async def test_no_more_jobs_wait_than_may(company_id: CompanyId, database: Urls) -> None:
    for _ in range(UNFINISHED_MAX - 1):
        await queue(company_id)

    ends = await at_once(database, "job", lambda: queue(company_id))

    assert [type(end) for end in ends].count(TooManyJobs) == AT_ONCE - 1
    found = await number(company_id, "select count(*) from job where company_id = $1")
    assert found == UNFINISHED_MAX


async def test_no_more_is_stored_than_may_be(company_id: CompanyId, database: Urls) -> None:
    for _ in range(STORED_BYTES_MAX // FILE_BYTES_MAX):
        await announce(company_id, FILE_BYTES_MAX)
    left = STORED_BYTES_MAX % FILE_BYTES_MAX

    ends = await at_once(database, "stored_file", lambda: announce(company_id, left))

    assert [type(end) for end in ends].count(StorageFull) == AT_ONCE - 1
    found = await number(company_id, "select sum(size) from stored_file where company_id = $1")
    assert found == STORED_BYTES_MAX


async def test_no_more_uploads_wait_than_may(company_id: CompanyId, database: Urls) -> None:
    for _ in range(uploads.UNFINISHED_MAX - 1):
        await announce(company_id, 1)

    ends = await at_once(database, "stored_file", lambda: announce(company_id, 1))

    assert [type(end) for end in ends].count(uploads.TooManyUploads) == AT_ONCE - 1
    found = await number(company_id, "select count(*) from stored_file where company_id = $1")
    assert found == uploads.UNFINISHED_MAX


async def test_a_company_has_no_more_roles_than_it_may(
    company_id: CompanyId, database: Urls
) -> None:
    async with access.system() as connection:
        await connection.execute(
            "insert into role (company_id, name, scopes)"
            " select $1, 'R' || n, '{meters:read}' from generate_series(2, $2) n",
            company_id,
            own_roles.ROLES_MAX,
        )
    giver = Giver(user_id=UserId(1), scopes=frozenset(Scope), place=Confinement())
    names = count()

    async def create() -> object:
        return await own_roles.create(
            company_id=company_id,
            name=f"another {next(names)}",
            description=None,
            scopes=[Scope.METERS_READ],
            giver=giver,
        )

    ends = await at_once(database, "role", create)

    assert [type(end) for end in ends].count(own_roles.TooManyRoles) == AT_ONCE - 1
    found = await number(company_id, "select count(*) from role where company_id = $1")
    assert found == own_roles.ROLES_MAX


async def test_no_more_are_invited_than_may_be(company_id: CompanyId, database: Urls) -> None:
    async with access.system() as connection:
        await connection.execute(
            "with invited as (insert into app_user (email, name, created_at)"
            " select 'u' || n || '@example.com', 'U', $2::timestamptz"
            " from generate_series(2, $3) n returning id)"
            " insert into invitation"
            " (company_id, user_id, role, token_hash, created_at, expires_at)"
            " select $1, id, 'OPERATOR', uuid_send(gen_random_uuid()), $2,"
            " $2 + interval '7 days' from invited",
            company_id,
            NOW,
            invitations.OPEN_MAX,
        )
        somebody = UserId(await connection.fetchval("select min(id) from app_user"))
    giver = Giver(user_id=somebody, scopes=frozenset(Scope), place=Confinement())
    names = count()

    async def invite() -> object:
        return await invitations.invite(
            company_id=company_id,
            email=f"another{next(names)}@example.com",
            name="Another",
            given=GivenRole(role=Role.OPERATOR),
            place=Confinement(),
            giver=giver,
            keys=Keys("a secret that is long enough for a test"),
            now=NOW,
        )

    ends = await at_once(database, "invitation", invite)

    assert [type(end) for end in ends].count(invitations.TooManyInvitations) == AT_ONCE - 1
    found = await number(company_id, "select count(*) from invitation where company_id = $1")
    assert found == invitations.OPEN_MAX
