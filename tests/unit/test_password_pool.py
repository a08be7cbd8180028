"""Passwords are checked in few threads, and only so many wait for them."""

import asyncio

import pytest
from argon2 import PasswordHasher

from domain.identity.passwords import WAITING_MAX, Passwords, TooManyWaiting


async def test_beyond_its_bound_nothing_is_hashed() -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

    ends = await asyncio.gather(
        *(passwords.hash("correct horse battery") for _ in range(WAITING_MAX + 1)),
        return_exceptions=True,
    )
    afterwards = await passwords.hash("correct horse battery")
    passwords.close()

    refused = [end for end in ends if isinstance(end, TooManyWaiting)]
    assert (len(refused), len(ends) - len(refused)) == (1, WAITING_MAX)
    assert afterwards.startswith("$argon2id$")


async def test_a_check_of_nobodys_password_takes_its_turn_too() -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    hashing = [
        asyncio.create_task(passwords.hash("correct horse battery")) for _ in range(WAITING_MAX)
    ]
    await asyncio.sleep(0)

    with pytest.raises(TooManyWaiting):
        await passwords.is_right("a guess", None)

    await asyncio.gather(*hashing)
    passwords.close()
