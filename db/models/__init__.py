"""Thin maps of the tables; keys, constraints and policies stand in the migrations."""

MODELS = [
    "db.models.companies",
    "db.models.hierarchy",
    "db.models.metering",
    "db.models.accounts",
]
