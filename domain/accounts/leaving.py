"""What an account pays for no longer: charged up to an index, and another's from there on."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from db.access import Connection
from db.ids import AccountId, CompanyId, PointId
from domain.accounts import assignments, shares
from domain.billing import submeters
from domain.metering.rules import Course
from domain.tariffs.deductible import check_deductible


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """An account that leaves what it pays for, in the transaction that holds these points.

    at_path, index_paths: what the input calls `at`, and the index of each point.
    """

    connection: Connection
    company_id: CompanyId
    account_id: AccountId
    at: datetime
    at_path: str
    index_paths: Mapping[PointId, tuple[str, ...]]
    course: Course
    now: datetime

    async def leave(self, points: Mapping[PointId, int], *, to: AccountId | None) -> None:
        """End what the account pays for alone, and charge it. to: who pays from then on."""
        connection, company_id = self.connection, self.company_id
        async with self._settled(points):
            await assignments.end(connection, company_id, self.account_id, points, at=self.at)
            if to is not None:
                await assignments.assign(connection, company_id, to, points, since=self.at)
            await self._begin_terms(points)
        if to is not None:
            await check_deductible(connection, company_id, list(points), "points", since=self.at)

    async def hand_over(self, points: Mapping[PointId, int], *, to: AccountId | None) -> None:
        """End the account's shares, and charge all who shared. to: whose they are from then on.

        :raises ShareWithoutOwner: there are some, and nobody takes them over
        """
        async with self._settled(points):
            await shares.hand_over(
                self.connection, self.company_id, points, by=self.account_id, to=to, at=self.at
            )
            await self._begin_terms(points)

    def _settled(self, points: Mapping[PointId, int]) -> AbstractAsyncContextManager[None]:
        return submeters.settled(
            self.connection,
            company_id=self.company_id,
            point_ids=points,
            since=self.at,
            path=(self.at_path,),
            now=self.now,
        )

    async def _begin_terms(self, points: Mapping[PointId, int]) -> None:
        await assignments.begin_terms(
            self.connection,
            self.company_id,
            points,
            at=self.at,
            course=self.course,
            at_path=self.at_path,
            paths=self.index_paths,
            now=self.now,
        )
