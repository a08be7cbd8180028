"""What billing knows of a meter's total register: how far it counts, and how fast it may."""

from db.access import Connection
from db.ids import CompanyId, MeterId
from domain.readings.rules import register_range_wh
from domain.refusals import Refused
from domain.units import WH_PER_KWH


class DigitsTooFew(Refused):
    """The register has shown more already than so many digits can."""


class RegisterRolledOver(Refused):
    """The register has started again at zero; other digits would change what it counted."""


async def begin(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    register_digits: int,
    power_w_max: int,
) -> None:
    """Begin the billing state of a new meter, in the transaction that adds it."""
    await connection.execute(
        "insert into billing_state (company_id, meter_id, register_range_wh, power_w_max)"
        " values ($1, $2, $3, $4)",
        company_id,
        meter_id,
        register_range_wh(register_digits),
        power_w_max,
    )


async def follow(connection: Connection, *, company_id: CompanyId, meter_id: MeterId) -> None:
    """Bring a meter's billing state in line with what the meter's row says by now.

    :raises DigitsTooFew, RegisterRolledOver: nothing may be changed
    """
    state = await connection.fetchrow(
        "select s.register_range_wh, s.billed_index_wh, m.register_digits, m.power_w_max"
        " from billing_state s join meter m on m.company_id = s.company_id and m.id = s.meter_id"
        " where s.company_id = $1 and s.meter_id = $2 for update of s",
        company_id,
        meter_id,
    )
    if state is None:
        raise LookupError(f"meter {meter_id} has no billing state")
    range_wh = register_range_wh(state["register_digits"])
    if range_wh != state["register_range_wh"]:
        # The index goes on over a rollover: only in the first round is it what the register shows.
        billed_wh = state["billed_index_wh"] or 0
        if billed_wh >= state["register_range_wh"]:
            raise RegisterRolledOver("register_digits")
        if billed_wh >= range_wh:
            raise DigitsTooFew("register_digits", shown_kwh=billed_wh // WH_PER_KWH)
    await connection.execute(
        "update billing_state set register_range_wh = $3, power_w_max = $4"
        " where company_id = $1 and meter_id = $2",
        company_id,
        meter_id,
        range_wh,
        state["power_w_max"],
    )
