"""Which work each kind of job is."""

from types import MappingProxyType

from db.enums import JobKind
from domain.exports.work import ExportWork
from domain.imports.work import ImportWork
from workers.long_jobs import Works

WORKS: Works = MappingProxyType({JobKind.IMPORT: ImportWork, JobKind.EXPORT: ExportWork})
