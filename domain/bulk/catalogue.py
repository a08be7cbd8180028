"""Every kind of object that is imported and exported, each after what it belongs to."""

from collections.abc import Mapping

from domain.bulk.kind import Kind
from domain.bulk.kinds.accounts import ACCOUNTS, TARIFFS
from domain.bulk.kinds.collectors import COLLECTORS
from domain.bulk.kinds.meters import METERS
from domain.bulk.kinds.mountings import MOUNTINGS
from domain.bulk.kinds.people import SUBSCRIBERS
from domain.bulk.kinds.places import BRANCHES, FIELDS
from domain.bulk.kinds.premises import METERING_POINTS, PREMISES
from domain.bulk.kinds.rf_modules import RF_MODULES

KINDS = (
    BRANCHES,
    FIELDS,
    COLLECTORS,
    RF_MODULES,
    METERS,
    PREMISES,
    METERING_POINTS,
    MOUNTINGS,
    SUBSCRIBERS,
    ACCOUNTS,
)
# What can only be referred to stands here as well.
BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in (*KINDS, TARIFFS)}
