"""Where premises were on a day: those that were moved have been elsewhere before."""

# Of premises `p`, on the local day that replaces {day}: its field, if it is another than now.
STAY = """
    left join lateral (
        select field_id from premises_stay
        where company_id = p.company_id and premises_id = p.id and until_date >= {day}
        order by until_date limit 1
    ) stay on true
"""
