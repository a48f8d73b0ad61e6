"""A tool's secret is compared by its hash, and nobody's matches when there is none."""

from voice_svc.domain.tool_secret import hash_secret, is_secret


def test_only_the_secret_itself_matches():
    stored = hash_secret("right")
    assert is_secret("right", stored)
    assert not is_secret("wrong", stored)
    assert not is_secret("", stored)


def test_where_there_is_no_secret_none_matches():
    assert not is_secret("", None)
    assert not is_secret("right", None)
