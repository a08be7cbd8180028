"""What subscribers and accounts are filtered and ordered by, and what accounts are to others."""

from db.enums import BillingMode, Scope, Segment
from domain.facets import Via, id_of, instant, money, now_in, text, word

_PREMISES_OF_ACCOUNT = (
    "premises.company_id = account.company_id and premises.id = account.premises_id"
)
_ACCOUNT_OF_POINT = (
    "account.company_id = account_point.company_id and account.id = account_point.account_id"
)
_PAYS_NOW = now_in("account_point")
_MOUNTED_NOW = now_in("mounting")
_POINT_OF_MOUNTING = (
    "account_point.company_id = mounting.company_id and account_point.point_id = mounting.point_id"
)

ACCOUNT_OF_METER = Via(
    "account",
    f"mounting join account_point on {_POINT_OF_MOUNTING} join account on {_ACCOUNT_OF_POINT}",
    "mounting.company_id = meter.company_id and mounting.meter_id = meter.id"
    f" and {_MOUNTED_NOW} and {_PAYS_NOW}",
)
ACCOUNT_OF_POINT = Via(
    "account",
    f"account_point join account on {_ACCOUNT_OF_POINT}",
    "account_point.company_id = metering_point.company_id"
    f" and account_point.point_id = metering_point.id and {_PAYS_NOW}",
)
ACCOUNT_OF_PREMISES = Via(
    "account",
    "account",
    "account.company_id = premises.company_id and account.premises_id = premises.id",
)
METER_OF_ACCOUNT = Via(
    "mounting",
    f"account_point join mounting on {_POINT_OF_MOUNTING}",
    "account_point.company_id = account.company_id and account_point.account_id = account.id"
    f" and {_MOUNTED_NOW} and {_PAYS_NOW}",
)

# In millionths.
BALANCE = """(
    select b.balance_micro from account_balance b
    where b.company_id = account.company_id and b.account_id = account.id)"""
DEBT = BALANCE.replace("balance_micro", "debt_micro")
_ALL_OF_POINT = f"""
    account_point ap
    join metering_point p on p.company_id = ap.company_id and p.id = ap.point_id
        and p.role in ('BILLING', 'COMMON_AREA')
    join mounting mo on mo.company_id = ap.company_id and mo.point_id = ap.point_id
        and {now_in("mo")}
    join meter m on m.company_id = mo.company_id and m.id = mo.meter_id"""
# What `rules.segment` says, for the database to ask of every account; a test holds them together.
# Few meters are off: only the accounts of those are looked at meter by meter.
SEGMENT = f"""(
    case
        when account.id in (
            select ap.account_id from {_ALL_OF_POINT}
            where m.company_id = {{company}} and m.supply = 'OFF' and {now_in("ap")}
        ) and (
            select bool_and(m.supply = 'OFF') from {_ALL_OF_POINT}
            where ap.company_id = account.company_id and ap.account_id = account.id
                and {now_in("ap")}
        ) then 'NO_ENERGY'
        when account.billing_mode = 'POSTPAID' then 'INVOICED'
        when {BALANCE} <= (
            select greatest(
                coalesce(account.warning_limit_micro, c.warning_limit_micro),
                coalesce(account.cut_off_limit_micro, c.cut_off_limit_micro))
            from company c where c.id = {{company}}
        ) then 'WARNING_LIMIT'
        else 'CREDIT'
    end)"""

SUBSCRIBER_FACETS = (
    text("subscriber.reference", is_indexed=True),
    instant("subscriber.erased_at", nullable=True),
    id_of(
        "field",
        "premises.field_id",
        via=Via(
            "account",
            f"account join premises on {_PREMISES_OF_ACCOUNT}",
            "account.company_id = subscriber.company_id and account.subscriber_id = subscriber.id",
        ),
    ),
)
ACCOUNT_FACETS = (
    text("account.number", is_indexed=True),
    word("account.billing_mode", BillingMode),
    instant("account.opened_at"),
    instant("account.closed_at", nullable=True),
    money(BALANCE, name="balance", nullable=True, scope=Scope.BALANCES_READ),
    money(
        DEBT,
        name="debt",
        nullable=True,
        scope=Scope.BALANCES_READ,
        meaning="What is owed beside its balance.",
    ),
    word(SEGMENT, Segment, name="segment", nullable=True, scope=Scope.BALANCES_READ),
    id_of("subscriber", "account.subscriber_id"),
    id_of("premises", "account.premises_id"),
    id_of("field", "premises.field_id", via=Via("premises", "premises", _PREMISES_OF_ACCOUNT)),
    id_of("meter", "mounting.meter_id", via=METER_OF_ACCOUNT),
)
