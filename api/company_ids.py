"""Which company a header, a path or an argument names."""

from api.errors import BadUserInput
from api.global_ids import UndecodableId, decode
from db.ids import CompanyId

COMPANY_ID_MAX = 2**31 - 1


def company_id_of(argument: str, text: str) -> CompanyId:
    """Return the company whose global id this is.

    :raises BadUserInput: it is none
    """
    try:
        type_name, company_id = decode(text)
    except UndecodableId:
        type_name, company_id = "", 0
    if type_name != "Company" or company_id > COMPANY_ID_MAX:
        raise BadUserInput(argument, "expected the id of a company")
    return CompanyId(company_id)
