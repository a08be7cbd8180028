"""Branches and fields as tables."""

from db.enums import Scope
from domain.bulk import readers
from domain.bulk.kind import Column, Kind, Reach, Reference
from domain.bulk.operations import changed_by, made_by
from domain.hierarchy import branches, fields

BRANCHES = Kind(
    name="branches",
    columns=(
        Column(
            name="name",
            meaning="What the branch is called.",
            example="North",
            required=True,
            check=branches.CHECKS["name"],
        ),
    ),
    key=("name",),
    source="select b.id, b.version, b.active, b.name from branch b where b.company_id = {company}",
    wall="""(b.id = {branch}::int8 or exists (
        select from field w where w.company_id = b.company_id and w.branch_id = b.id
            and w.id in ({fields})))""",
    reads=Scope.COMPANY_READ,
    writes=Scope.COMPANY_WRITE,
    create=made_by(branches.add),
    reach=Reach.COMPANY,
)
FIELDS = Kind(
    name="fields",
    columns=(
        Column(name="branch", meaning="The branch that runs it.", example="North", required=True),
        Column(
            name="name",
            meaning="What the field is called; no other of its branch is.",
            example="Mall",
            required=True,
            check=fields.CHECKS["name"],
        ),
        Column(
            name="latitude",
            meaning="In degrees, WGS 84; together with the longitude.",
            example="41.0082",
            read=readers.degrees(90),
            clearable=True,
        ),
        Column(
            name="longitude",
            meaning="In degrees, WGS 84.",
            example="28.9784",
            read=readers.degrees(180),
            clearable=True,
        ),
    ),
    key=("branch", "name"),
    references=(Reference(kind="branches", columns=("branch",), parameter="branch_id"),),
    source="""
        select f.id, f.version, f.active, b.name as branch, f.name, f.latitude, f.longitude
        from field f join branch b on b.company_id = f.company_id and b.id = f.branch_id
        where f.company_id = {company}""",
    wall="f.id in ({fields})",
    reads=Scope.COMPANY_READ,
    writes=Scope.COMPANY_WRITE,
    create=made_by(fields.add),
    change=changed_by(fields.alter, "field_id"),
    reach=Reach.BRANCH,
)
