"""Ids, told apart by type. They are opaque on the wire and checked there."""

from typing import NewType

CompanyId = NewType("CompanyId", int)
BranchId = NewType("BranchId", int)
FieldId = NewType("FieldId", int)
CollectorId = NewType("CollectorId", int)
RfModuleId = NewType("RfModuleId", int)
MeterId = NewType("MeterId", int)
PremisesId = NewType("PremisesId", int)
PointId = NewType("PointId", int)
SubscriberId = NewType("SubscriberId", int)
AccountId = NewType("AccountId", int)
TariffId = NewType("TariffId", int)
FrameId = NewType("FrameId", int)
UserId = NewType("UserId", int)
SessionId = NewType("SessionId", int)
DocumentId = NewType("DocumentId", int)
KeyId = NewType("KeyId", int)
FileId = NewType("FileId", int)
JobId = NewType("JobId", int)
