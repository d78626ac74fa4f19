"""An address for counting: one house is one, however many addresses it has."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat.kernel.addresses import one_house


@given(st.ip_addresses(v=6, network="2001:db8:1:2::/64"))
def test_any_address_of_a_house_counts_as_the_same(address: object) -> None:
    assert one_house(str(address)) == "2001:db8:1:2::/64"


def test_next_door_counts_for_itself() -> None:
    assert one_house("2001:db8:1:3::1") != one_house("2001:db8:1:2::1")


def test_ipv4_is_one_address_however_it_is_written() -> None:
    assert one_house("203.0.113.7") == "203.0.113.7"
    assert one_house("::ffff:203.0.113.7") == one_house("::FFFF:cb00:7107") == "203.0.113.7"
    assert one_house("203.0.113.8") != one_house("203.0.113.7")


def test_an_address_with_the_name_of_its_line_counts_with_its_neighbours() -> None:
    assert one_house("fe80::1%eth0") == one_house("fe80::2%eth1") == "fe80::/64"


@given(st.text())
def test_what_is_no_address_is_counted_and_breaks_nothing(said: str) -> None:
    assert isinstance(one_house(said), str)


def test_what_is_no_address_stands_for_itself() -> None:
    for said in ("", "unix:", "testclient", "1.2.3", "::1::"):
        assert one_house(said) == said
