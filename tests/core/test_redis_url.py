import pytest

from core.redis_url import for_celery


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("rediss://user:clave@host:6379/3", "rediss://user:clave@host:6379/3"),
        ("unix:///run/valkey.sock?db=2", "redis+socket:///run/valkey.sock?virtual_host=2"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
        ("", ""),
    ],
)
def test_it_speaks_celerys_spelling(url: str, expected: str) -> None:
    assert for_celery(url) == expected
