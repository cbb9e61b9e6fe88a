"""The things that two processes of tests do not share."""

import pytest

from tests.parallel import redis_database


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/9"),
        ("rediss://:secreto@redis:6380", "rediss://:secreto@redis:6380/9"),
        ("unix:///run/valkey.sock?db=0", "unix:///run/valkey.sock?db=9"),
        ("unix:///run/valkey.sock", "unix:///run/valkey.sock?db=9"),
    ],
)
def test_it_names_another_database_of_the_same_server(given: str, expected: str) -> None:
    assert redis_database(given, 9) == expected
