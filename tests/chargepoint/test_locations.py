"""Addresses and names of files, whatever a CSMS writes there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoint.common.files.locations import file_name, refusal, version_of

ADDRESSES = st.one_of(
    st.text(max_size=80),
    st.builds("http://a.example/{}".format, st.text(max_size=60)),
    st.from_regex(r"(ftp|sftp|HTTPS)://[a-z%@:]{0,9}(/[\w.%-]{0,9}){0,3}", fullmatch=True),
)


@given(ADDRESSES, st.binary(max_size=512))
def test_any_address_is_refused_in_words_or_gives_a_version(url, head):
    if why := refusal(url):
        assert isinstance(why, str)
        return
    version = version_of(head, url, b"\x01" * 32)
    assert 0 < len(version) <= 50
    assert version.isascii() and version.isprintable()
    assert "/" not in file_name(url) or "%2f" in url.lower()


@pytest.mark.parametrize(
    ("url", "word"),
    [("sftp://a.example/x", "sftp"), ("x", "no scheme"), ("http:///x", "host"),
     ("http://a.example:x/", "address")],
)  # fmt: skip
def test_a_refusal_says_what_is_wrong(url, word):
    assert word in refusal(url)


@pytest.mark.parametrize("url", ["http://a.example/x", "FTPS://u:p@[::1]:2121/a/b", "ftp://a.example"])
def test_what_can_be_used(url):
    assert refusal(url) == ""
