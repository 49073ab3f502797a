"""Where a webhook may go."""

from __future__ import annotations

import ipaddress

import pytest

from sync.hq.exports.guard import Guard

INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address that must be refused
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "not an address",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_the_house_is_not_connected_to(address):
    assert not Guard().admits(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4010::8a", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is(address):
    assert Guard().admits(address)


def test_a_network_of_the_configuration_may_be_reached_and_no_other():
    guard = Guard(networks=(ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fc00::/7")))
    assert guard.admits("10.1.2.3")
    assert guard.admits("::ffff:10.1.2.3")
    assert guard.admits("fc00::1")
    assert not guard.admits("10.2.0.1")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.kz/hook",
        "ftp://example.kz/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://name:word@example.kz/",
        "https://name@example.kz/",
        "https://example.kz:port/",
        "https://exa mple.kz/",
        "https://[::1/",
        "//example.kz/",
        "",
        "https://пример.kz/",
    ],
)
def test_an_address_of_another_form_will_not_do(url):
    assert Guard().trouble(url)


def test_https_will_do_and_http_only_where_configured():
    assert Guard().trouble("https://example.kz:8443/hook?a=b") == ""
    guard = Guard(plain_hosts=frozenset({"erp.shop.kz"}))
    assert guard.trouble("http://erp.shop.kz/hook") == ""
    assert guard.trouble("http://other.shop.kz/hook") == "only https"
