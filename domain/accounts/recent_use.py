"""What is charged at the recent rate, in SQL: of one account as of many.

`forecasts.forecast` is the rule of what follows from it, and DAILY_USE and LASTS say the same
where accounts are counted and summed.
"""

from domain.accounts.forecasts import AHEAD_DAYS_MAX, DAY_US, KNOWN_MIN, RECENT_DAYS

# Of an account `a` of a company `c`; {as_of}: up to when all its energy is charged. The recent
# days are the company's, and end with the one that this is in.
RECENT_USE = f"""
    cross join lateral (
        select ({{as_of}} at time zone c.time_zone)::date as last_date
    ) recent_days
    cross join lateral (
        select greatest(a.opened_at, (recent_days.last_date - {RECENT_DAYS})::timestamp
            at time zone c.time_zone) as since
    ) recent
    cross join lateral (
        select coalesce(sum(r.charged_micro), 0)::int8 as used_micro from accrual r
        where r.company_id = a.company_id and r.account_id = a.id
            and r.local_date between recent_days.last_date - {RECENT_DAYS}
                and recent_days.last_date
    ) used
"""
# Null while too little is known.
DAILY_USE = f"""
    case when {{as_of}} - recent.since >= interval '{KNOWN_MIN.total_seconds():.0f} s'
        then greatest(0, floor(used.used_micro::numeric * {DAY_US}
            / (extract(epoch from {{as_of}} - recent.since) * 1000000))) end
"""
# In days from {as_of} on; null where it does not end.
LASTS = f"""
    case when {{left}} <= 0 then 0
        when {{left}} <= {AHEAD_DAYS_MAX} * {{daily}} then {{left}}::numeric / {{daily}} end
"""
