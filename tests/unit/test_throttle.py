"""Whose attempts count together."""

import pytest

from api.throttle import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        pytest.param("203.0.113.7", "203.0.113.7", id="an IPv4 host is one"),
        pytest.param("2001:db8:0:1::7", "2001:db8:0:1::/64", id="an IPv6 host has a network"),
        pytest.param("2001:db8:0:1:ffff::9", "2001:db8:0:1::/64", id="and all of it"),
        pytest.param("::ffff:203.0.113.7", "203.0.113.7", id="IPv4 within IPv6"),
        pytest.param("testclient", "testclient", id="no address at all"),
    ],
)
def test_network(address: str, network: str) -> None:
    assert network_of(address) == network
