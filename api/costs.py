"""What fields cost beside what every object and every page does, and which are the pages."""

COSTS = {
    # Up to 64 KiB each.
    "body": 10,
    # Made when it is first asked for, in a tenth of a second.
    "pdf": 10,
    "loadProfile": 10,
    "readings": 10,
    "sumChecks": 10,
    "totalCount": 5,
    # Every document is parsed and validated.
    "registerDocuments": 200,
    "search": 20,
    "__schema": 100,
    "__type": 20,
}
ITEMS = frozenset({"edges", "hits", "nodes"})
# Lists that are pages themselves, with no object around their items.
LISTS = frozenset({"fieldsNear"})
