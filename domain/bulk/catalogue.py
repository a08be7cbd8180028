"""Every kind of object that is imported and exported, each after what it belongs to."""

from collections.abc import Mapping

from domain.bulk.kind import Kind
from domain.bulk.kinds.devices import COLLECTORS, METERS, RF_MODULES
from domain.bulk.kinds.places import BRANCHES, FIELDS

KINDS = (BRANCHES, FIELDS, COLLECTORS, RF_MODULES, METERS)
BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}
