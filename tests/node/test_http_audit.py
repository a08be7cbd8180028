"""The public audit of GraphQL over HTTP, against the API's own process."""

from tests.node.programs import Programs

AUDITS = 61


async def test_every_check_of_the_public_audit_holds(api_port: int, programs: Programs) -> None:
    results = await programs.run("audit.mjs", f"http://127.0.0.1:{api_port}/graphql")

    failed = {f"{one['id']} {one['name']}": one for one in results if one["status"] != "ok"}
    assert failed == {}
    assert len(results) == AUDITS
