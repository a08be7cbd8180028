"""The chain of daily entries holds only as it was made."""

from dataclasses import replace

import pytest

from domain.audit.chain import Break, Broken, Head, Seal, Sealed, check, digest, linked

ENTRIES = [digest([n, "an entry"]) for n in (10, 11, 12)]


def chain() -> list[Sealed]:
    links, head = [], Head()
    for number, own in enumerate(ENTRIES, start=1):
        head = Head(number, linked(head.hash, own))
        links.append(Sealed(Seal(number, 9 + number, own, head.hash), own))
    return links


def altered() -> list[Sealed]:
    links = chain()
    return [links[0], replace(links[1], digest_now=digest(["another"])), links[2]]


def resealed() -> list[Sealed]:
    links, other = chain(), digest(["another"])
    return [links[0], Sealed(replace(links[1].seal, digest=other), other), links[2]]


def swapped() -> list[Sealed]:
    first, second, third = chain()
    return [
        first,
        Sealed(replace(third.seal, number=2), third.digest_now),
        Sealed(replace(second.seal, number=3), second.digest_now),
    ]


def test_an_untouched_chain_holds() -> None:
    assert check(chain(), Head()) == Head(3, chain()[-1].seal.hash)


def test_a_chain_is_followed_in_pieces() -> None:
    links = chain()

    middle = check(links[:1], Head())

    assert isinstance(middle, Head)
    assert check(links[1:], middle) == check(links, Head())


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        pytest.param(altered(), Broken(Break.ALTERED, 2, 11), id="an entry was altered"),
        pytest.param(resealed(), Broken(Break.REORDERED, 2, 11), id="and its own seal as well"),
        pytest.param(swapped(), Broken(Break.REORDERED, 2, 12), id="two were swapped"),
        pytest.param(chain()[1:], Broken(Break.MISSING, 1, None), id="the first link is gone"),
        pytest.param(
            [chain()[0], chain()[2]], Broken(Break.MISSING, 2, None), id="a link in it is gone"
        ),
        pytest.param(
            [chain()[0], replace(chain()[1], digest_now=None)],
            Broken(Break.MISSING, 2, 11),
            id="an entry is gone",
        ),
    ],
)
def test_a_break_is_named(links: list[Sealed], expected: Broken) -> None:
    assert check(links, Head()) == expected


def test_a_link_whose_entry_was_forgotten_still_holds_the_chain() -> None:
    links = chain()
    links[1] = replace(links[1], digest_now=None, is_forgotten=True)

    assert check(links, Head()) == Head(3, chain()[-1].seal.hash)


def test_a_forgotten_link_is_still_in_its_place() -> None:
    links = [replace(link, digest_now=None, is_forgotten=True) for link in swapped()]

    assert check(links, Head()) == Broken(Break.REORDERED, 2, 12)
