"""Names of datasets on other hosts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.streams.remote.address import Address, read_address
from zfstune.values.errors import InvalidName


@pytest.mark.parametrize(
    ("text", "host", "dataset"),
    [
        ("tank/a", "", "tank/a"),
        ("tank/a:b", "", "tank/a:b"),
        (":my:pool/a", "", "my:pool/a"),
        ("host:tank", "host", "tank"),
        ("host:my:pool/a", "host", "my:pool/a"),
        ("me@host.example:tank/a:b", "me@host.example", "tank/a:b"),
        ("[::1]:tank/a", "::1", "tank/a"),
        ("me@[fe80::1%eth0]:tank", "me@fe80::1%eth0", "tank"),
    ],
)
def test_names(text: str, host: str, dataset: str) -> None:
    """A colon before any slash ends a host; a leading one says that there is none."""
    assert read_address(text) == Address(host, dataset)


@pytest.mark.parametrize(
    "text",
    [
        *("-oProxyCommand=x:tank", "a b:tank", "@host:tank", "a@b@host:tank", "host:"),
        *("-l@host:tank", "host:-", "host:/tank", "host:tank@x", "[::1:tank", "::", ""),
        *(
            "[host]:tank",
            "[::1%-o]:tank/a b\n",
            "[::1%e th]:tank",
            "ho\nst:tank",
            "$(x):tank",
        ),
        *("host;x:tank", "`x`:tank", "me@-host:tank", "a@[-x]:tank", "host:tank/%recv"),
    ],
)
def test_what_is_no_name(text: str) -> None:
    """No word reaches ssh that it could take for anything but a host."""
    with pytest.raises(InvalidName):
        read_address(text)


@given(st.text(alphabet="abA0-_.:@[]/% \n$;", max_size=24))
def test_a_host_is_a_word(text: str) -> None:
    """Whatever is taken for a host has no character that a shell or ssh would act upon."""
    try:
        address = read_address(text)
    except InvalidName:
        return
    assert not address.host.startswith("-")
    assert not set(address.host) & set(" \n$;/[]")
