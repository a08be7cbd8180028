"""Keys of people: each person's own, wrapped under the master key, bound to whom it is for."""

import pytest
from cryptography.exceptions import InvalidTag

from db.ids import CompanyId, SubscriberId
from domain.subscribers.keyring import Keyring, OtherMasterKey

RING = Keyring("a master key that is long enough")
COMPANY, AYSE, BORA = CompanyId(1), SubscriberId(2), SubscriberId(3)


def test_what_is_sealed_is_opened_by_the_same_person_as_the_same_thing_alone() -> None:
    wrapped = RING.new_key(company_id=COMPANY, subscriber_id=AYSE)
    key = RING.unwrapped(wrapped, company_id=COMPANY, subscriber_id=AYSE)
    sealed = key.seal("Ayşe", what="name")

    assert key.open(sealed, what="name") == "Ayşe"
    with pytest.raises(InvalidTag):
        key.open(sealed, what="email")
    assert "Ayşe".encode() not in sealed
    assert key.seal("Ayşe", what="name") != sealed


def test_a_persons_key_does_not_open_anothers_data() -> None:
    keys = [
        RING.unwrapped(
            RING.new_key(company_id=COMPANY, subscriber_id=one),
            company_id=COMPANY,
            subscriber_id=one,
        )
        for one in (AYSE, BORA)
    ]

    with pytest.raises(InvalidTag):
        keys[1].open(keys[0].seal("Ayşe", what="name"), what="name")


@pytest.mark.parametrize(
    ("ring", "company_id", "subscriber_id"),
    [
        pytest.param(RING, COMPANY, BORA, id="another person"),
        pytest.param(RING, CompanyId(9), AYSE, id="another company"),
        pytest.param(
            Keyring("another key that is long enough"), COMPANY, AYSE, id="another master key"
        ),
    ],
)
def test_a_wrapped_key_is_bound_to_its_owner(
    ring: Keyring, company_id: CompanyId, subscriber_id: SubscriberId
) -> None:
    wrapped = RING.new_key(company_id=COMPANY, subscriber_id=AYSE)

    with pytest.raises(OtherMasterKey):
        ring.unwrapped(wrapped, company_id=company_id, subscriber_id=subscriber_id)


def test_a_blind_index_is_the_same_for_the_same_text_of_the_same_company_alone() -> None:
    blind = RING.blind("ayse", company_id=COMPANY, kind="NAME")

    assert RING.blind("ayse", company_id=COMPANY, kind="NAME") == blind
    assert RING.blind("ayse", company_id=CompanyId(9), kind="NAME") != blind
    assert RING.blind("ayse", company_id=COMPANY, kind="EMAIL") != blind
    assert len(blind) == 16


def test_the_id_of_a_master_key_tells_it_from_others() -> None:
    assert RING.id == Keyring("a master key that is long enough").id
    assert RING.id != Keyring("another key that is long enough").id
