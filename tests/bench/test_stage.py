from tests.bench.stage import without_foreign


def test_no_account_sender_or_server_of_the_developer_is_used() -> None:
    """An account would mean that nothing stands in for Twilio, and the benchmarks would send real messages."""
    foreign = {
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "secret",
        "TWILIO_API_BASE_URL": "https://api.twilio.com",
        "SENDER_SEGMENTS_PER_S": "1",
        "DATABASE_URL": "postgresql://live/sms",
        "REDIS_URL": "redis://live",
        "PORT": "8000",
        "PGHOST": "live",
    }
    own = {"WORKER_THREADS": "16", "PORTABLE": "1", "PATH": "/bin"}
    assert without_foreign(foreign | own) == own
