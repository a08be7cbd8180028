"""Ids of many objects are those of each."""

import pytest

from api.global_ids import ID_MAX, decode, encode, encode_all


@pytest.mark.parametrize("type_name", ["Field", "Meter", "Account", "LedgerTransaction"])
def test_ids_made_together_are_those_made_one_by_one(type_name: str) -> None:
    row_ids = [1, 9, 10, 123_456, 1, ID_MAX]

    made = encode_all(type_name, row_ids)

    assert made == [encode(type_name, row_id) for row_id in row_ids]
    assert [decode(one) for one in made] == [(type_name, row_id) for row_id in row_ids]


def test_no_objects_have_no_ids() -> None:
    assert encode_all("Meter", []) == []
