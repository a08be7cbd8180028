"""How many meters an RF module serves, whoever adds some at the same time."""

from db.access import Connection
from db.ids import CompanyId, RfModuleId
from domain.refusals import NotThere, Refused


class RfModuleFull(Refused):
    """The RF module has as many active meters as the company lets one have."""

    def __init__(self, limit: int) -> None:
        super().__init__("rf_module_id", limit=limit)
        self.limit = limit


async def hold(connection: Connection, *, company_id: CompanyId, rf_module_id: RfModuleId) -> None:
    """Let nobody else add meters to an RF module until the transaction ends.

    Who holds several takes them in the order of their ids.

    :raises NotThere: the company has no such RF module
    """
    held = await connection.fetchval(
        "select true from rf_module where company_id = $1 and id = $2 for no key update",
        company_id,
        rf_module_id,
    )
    if not held:
        raise NotThere


async def check(connection: Connection, *, company_id: CompanyId, rf_module_id: RfModuleId) -> None:
    """Return if the meters of an RF module that is held, the new one included, are not too many.

    :raises RfModuleFull: they are
    """
    (row,) = await connection.fetch(
        "select c.max_meters_per_rf_module as allowed, (select count(*) from meter m"
        " where m.company_id = c.id and m.rf_module_id = $2 and m.active) as active"
        " from company c where c.id = $1",
        company_id,
        rf_module_id,
    )
    if row["active"] > row["allowed"]:
        raise RfModuleFull(row["allowed"])
