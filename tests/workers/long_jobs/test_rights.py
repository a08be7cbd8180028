"""Who asked for a job has the rights for it until its end."""

from dataclasses import replace

import pytest

from db import access
from db.enums import ImportMode
from db.ids import CompanyId
from domain.imports import requests
from domain.longwork.jobs import Asker
from tests.api.keys import KEY, make_key
from tests.factories import NOW
from tests.imports import WORKS, clock, job, sent
from tests.workers.long_jobs.importing import BRANCHES, CONTENT, branches
from workers.long_jobs import work_once


@pytest.mark.parametrize("is_revoked", [False, True])
async def test_a_keys_job_ends_with_the_key(
    company_id: CompanyId, asker: Asker, is_revoked: bool
) -> None:
    key_id, _ = await make_key(company_id, replace(KEY, scopes=asker.scopes))
    program = replace(asker, user_id=None, role=None, key_id=key_id)
    file_id = await sent(company_id, None, CONTENT, key_id=key_id)
    job_id = await requests.start(
        company_id=company_id,
        asker=program,
        file_id=file_id,
        kind=None,
        mode=ImportMode.CREATE_ONLY,
        dry_run=False,
        now=NOW,
    )
    if is_revoked:
        async with access.system() as connection:
            await connection.execute("update api_key set revoked_at = $1", NOW)

    await work_once(works=WORKS, clock=clock)

    ended = await job(company_id, job_id)
    expected = ("FAILED", "ASKER_GONE") if is_revoked else ("SUCCEEDED", None)
    assert (ended["state"], ended["error"]) == expected
    assert len(await branches(company_id)) == (0 if is_revoked else BRANCHES)


@pytest.mark.parametrize(
    "since",
    [
        pytest.param(
            "update membership set branch_id = (select min(id) from branch)", id="confined"
        ),
        pytest.param("update company set second_factor_required = true", id="second factor"),
        pytest.param("update membership set role = 'AUDITOR'", id="another role"),
        pytest.param(None, id="nothing"),
    ],
)
@pytest.mark.parametrize("by_key", [True, False])
async def test_who_asked_has_all_rights_until_the_end(
    company_id: CompanyId, asker: Asker, by_key: bool, since: str | None
) -> None:
    if by_key:
        key = replace(KEY, scopes=asker.scopes, user_id=asker.user_id)
        key_id, _ = await make_key(company_id, key)
        asker = replace(asker, user_id=None, role=None, key_id=key_id)
    file_id = await sent(company_id, asker.user_id, CONTENT, key_id=asker.key_id)
    job_id = await requests.start(
        company_id=company_id,
        asker=asker,
        file_id=file_id,
        kind=None,
        mode=ImportMode.CREATE_ONLY,
        dry_run=False,
        now=NOW,
    )
    if since is not None:
        async with access.system() as connection:
            await connection.execute(since)

    await work_once(works=WORKS, clock=clock)

    ended = await job(company_id, job_id)
    expected = ("SUCCEEDED", None) if since is None else ("FAILED", "ASKER_GONE")
    assert (ended["state"], ended["error"]) == expected
    assert len(await branches(company_id)) == (BRANCHES if since is None else 0)
