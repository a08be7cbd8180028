"""Which company a command is about."""

from cli.endings import Refused
from domain.companies.queries import CompanyName, companies

NAMES_SHOWN = 10


async def chosen_company(wanted: str | None) -> CompanyName:
    """Return the company of that name or number; without one, the only company there is.

    :raises Refused: there is none, or there are several
    """
    known = await companies()
    found = [c for c in known if wanted is None or wanted in (c.name, str(c.company_id))]
    if len(found) == 1:
        return found[0]
    if not known:
        raise Refused("There is no company yet; `wattledger demo` makes one to look at.")
    names = ", ".join(f"{c.name} ({c.company_id})" for c in (found or known)[:NAMES_SHOWN])
    raise Refused(f"Name one company by --company: {names}.")
