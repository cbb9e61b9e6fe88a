"""Reading the environment: a bad value is refused on the first look, by its name."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from core import environment

ROOT = Path(environment.__file__).parent.parent

SECRET = "no-se-dice"
BAD_DATABASES = [
    f"postgresql://u:{SECRET}#w@h/n",
    f"postgresql://u:{SECRET}/w@h/n",
    f"postgresql://u:{SECRET}?w@h/n",
    f"postgresql://u:{SECRET}@w@h/n",
    f"postgresql://u:{SECRET}[w@h/n",
    f"postgresql://u:{SECRET}%w@h/n",
    f"postgresql://u:{SECRET} w@h/n",
    f"postgresql://u:{SECRET}\\w@h/n",
    f"'postgresql://u:{SECRET}@h/n'",
    f'"postgresql://u:{SECRET}@h/n"',
    f"postgresql://u:{SECRET}@h:cinco/n",
    f"postgresql://u:{SECRET}@h:99999/n",
    f"postgresql://u:{SECRET}@h",
    f"postgresql://u:{SECRET}@h/n?modo=x",
    f"postgresql://u:{SECRET}@h/n?connect_timeout=mucho",
    f"postgresql+psycopg2://u:{SECRET}@h/n",
    f"mysql://u:{SECRET}@h/n",
    f"sqlite:///{SECRET}",
    f"u:{SECRET}@h/n",
    f"postgresql:/u:{SECRET}@h/n",
]
BAD_REDIS = [
    f"redis://:{SECRET}/w#rd@h",
    f"redis://:{SECRET}/w@h:6379/0",
    f"redis://:{SECRET}#w@h:6379/0",
    f"redis://:{SECRET}?w@h:6379/0",
    f"redis://:{SECRET}%w@h:6379/0",
    f"'redis://:{SECRET}@h:6379/0'",
    f"redis://:{SECRET}@h:mil/0",
    f"redis://:{SECRET}@h:6379/cero",
    f"redis://:{SECRET}@h:6379/0/1",
    f"redis://:{SECRET}@h:6379/?db=dos",
    f"redis://:{SECRET}@h:6379/0?ssl_cert_reqs=none",
    f"rediss://:{SECRET}@h:6379/0?ssl_cert_reqs=quizas",
    f"rediss://:{SECRET}@h:6379/0?sorpresa=1",
    f"redis+socket:///{SECRET}.sock",
    f"memcached://:{SECRET}@h",
    f"redis://:{SECRET}@",
    "unix://",
    f"h:6379/{SECRET}",
]

BAD = [
    ("DEBUG", "quizás"),
    ("PORT", "ochenta"),
    ("PORT", "0"),
    ("PORT", "-1"),
    ("PUBLIC_URL", "sms.tienda.co"),
    ("PUBLIC_URL", "https://sms.tienda.co/sms"),
    ("PUBLIC_URL", "ftp://sms.tienda.co"),
    ("TWILIO_API_BASE_URL", "localhost:9000"),
    ("TWILIO_READ_TIMEOUT_S", "mucho"),
    ("PHONE_DEFAULT_REGION", "Colombia"),
    ("PHONE_DEFAULT_REGION", "co"),
    ("SHOP_COUNTRIES", "CO,Perú"),
    ("SHOP_COUNTRIES", "CO,*"),
    ("SHOP_MAX_MONEY_DAY", "-5"),
    ("SHOP_MAX_MESSAGES_DAY", "-1"),
    ("LOG_LEVEL", "LOUD"),
    ("API_RATE_USER", "1200"),
    ("API_RATE_ANONYMOUS", "0/min"),
    ("API_RATE_LOGIN", "10/año"),
    ("PROXIES", "-1"),
    ("PROXIES", "uno"),
    ("WORKER_THREADS", "0"),
    ("WORKER_MESSAGES", "0"),
    ("LOTE_SIZE", "0"),
    ("LOTES_EN_VUELO", "0"),
    ("ENVIOS_QUEUES", "0"),
    ("SENDER_SEGMENTS_PER_S", "-1"),
    ("SEND_ATTEMPTS", "0"),
    ("LEASE_S", "x"),
    ("SWEEP_INTERVAL_S", ""),
    ("SWEEP_INTERVAL_S", "0"),
    *(
        (name, value)
        for name in ("RECONCILE_INTERVAL_S", "RETRY_BACKOFF_S", "LOTE_LOST_AFTER_S")
        for value in ("0", "-1")
    ),
    ("LIST_LAG_S", "0"),
    ("TWILIO_RETAIN", "quizás"),
    ("WATCHDOG_S", "-1"),
    ("WORKER_NICE", "20"),
    ("WORKER_NICE", "-1"),
    *(
        ("TIME_ZONE", zone)
        for zone in ("Bogota", "America/Macondo", "../../etc/passwd", "", "America", "/etc/localtime")
    ),
    *(("DATABASE_URL", url) for url in BAD_DATABASES),
    *(("REDIS_URL", url) for url in BAD_REDIS),
]


PRINTS = "s.PORT, s.PUBLIC_URL, s.PROXIES, s.SESSION_COOKIE_SECURE"


def start(prints: str = PRINTS, **values: str) -> subprocess.CompletedProcess[str]:
    """A new process that reads the settings and prints a few."""
    known = {"PATH": os.environ["PATH"], "ENV_FILE": "", "DJANGO_SETTINGS_MODULE": "core.settings"}
    return subprocess.run(
        [sys.executable, "-c", f"from django.conf import settings as s; print({prints})"],
        cwd=ROOT,
        env={**known, **values},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("name", "value"), BAD)
def test_it_rejects_a_bad_value_naming_the_variable(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs in this process: the same calls that the settings make, without starting Python each time."""
    monkeypatch.setenv("ENV_FILE", "")
    monkeypatch.setenv(name, value)
    source = (ROOT / "core" / "settings.py").read_text()
    reading = source[source.index("env = environment") : source.index("environment.seal(env)")]
    scope = {"environment": environment, "BASE_DIR": environment.BASE_DIR}
    exec(compile(reading, "settings", "exec"), scope)  # noqa: S102 - our own settings
    with pytest.raises(ImproperlyConfigured, match=name) as refused:
        environment.seal(scope["env"])  # type: ignore[arg-type]
    assert SECRET not in str(refused.value)


GOOD = [
    (
        "DATABASE_URL",
        "postgresql://u:p%40s%23@h:5432/n?sslmode=require&options=-c%20search_path%3Dsms&connect_timeout=30",
    ),
    ("DATABASE_URL", "postgres://u@/n?host=/run/postgresql"),
    ("DATABASE_URL", "postgresql://u:p@[2001:db8::1]:5432/n"),
    ("DATABASE_URL", ""),
    ("REDIS_URL", "redis://h"),
    ("REDIS_URL", "redis://:p%2Fw%23rd@h:6379/15"),
    ("REDIS_URL", "rediss://user:p@[2001:db8::1]:6380/0?ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=CERT_REQUIRED"),
    ("REDIS_URL", "unix:///run/redis.sock?db=3&password=x"),
    ("REDIS_URL", ""),
    ("TIME_ZONE", "America/Argentina/Buenos_Aires"),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_it_takes_a_good_one(name: str, value: str) -> None:
    look = {"DATABASE_URL": environment.database_url, "REDIS_URL": environment.redis_address}
    look.get(name, environment.zone)(value)


def test_what_the_operator_says_of_the_database_is_kept() -> None:
    url = "postgresql://u:p%40s%23@h:5432/n?sslmode=require&options=-c%20search_path%3Dsms&connect_timeout=30"
    found = json.loads(start("__import__('json').dumps(s.DATABASES['default'])", DATABASE_URL=url).stdout)
    assert (found["PASSWORD"], found["NAME"], found["OPTIONS"]["sslmode"]) == ("p@s#", "n", "require")
    assert str(found["OPTIONS"]["connect_timeout"]) == "30"
    options = found["OPTIONS"]["options"]
    assert options.startswith("-c search_path=sms ")
    assert options.endswith(" -c synchronous_commit=on")


def test_the_products_own_timeouts_stay() -> None:
    url = "postgresql://u@h/n?options=-c%20statement_timeout%3D0%20-c%20synchronous_commit%3Doff"
    found = json.loads(start("__import__('json').dumps(s.DATABASES['default'])", DATABASE_URL=url).stdout)
    options = found["OPTIONS"]["options"]
    assert options.rindex("statement_timeout=30000") > options.index("statement_timeout=0 ")
    assert options.rindex("synchronous_commit=on") > options.index("synchronous_commit=off")


def test_it_names_every_bad_variable_at_once() -> None:
    done = start(PORT="x", LOTE_SIZE="0", PUBLIC_URL="nada")
    assert done.returncode != 0
    for name in ("PORT", "LOTE_SIZE", "PUBLIC_URL"):
        assert name in done.stderr


def test_it_works() -> None:
    assert start().stdout.split() == ["8000", "http://localhost:8000", "0", "False"]
    assert start(PORT="9000").stdout.split()[:2] == ["9000", "http://localhost:9000"]


def test_a_killed_workers_message_is_found_within_a_minute_by_default() -> None:
    """The claim's lease, and two turns of the sweep: the killed worker may have taken the first."""
    assert float(start("s.LEASE_S + 2 * s.SWEEP_INTERVAL_S").stdout) <= 60
    longest_call = float(start("s.TWILIO_CONNECT_TIMEOUT_S + s.TWILIO_READ_TIMEOUT_S").stdout)
    assert float(start("s.LEASE_S").stdout) >= longest_call + 20  # to sleep, to be slowed down, before the call
    assert start("s.LEASE_S", TWILIO_READ_TIMEOUT_S="30").stdout.strip() == "55.0"


def test_the_lists_lag_is_an_hour_however_often_twilio_is_asked() -> None:
    assert start("s.LIST_LAG_S").stdout.strip() == "3600.0"
    assert start("s.LIST_LAG_S", RECONCILE_INTERVAL_S="2").stdout.strip() == "3600.0"


def test_an_https_address_turns_the_strict_settings_on() -> None:
    done = start(PUBLIC_URL="https://sms.tienda.co/")
    assert done.stdout.split() == ["8000", "https://sms.tienda.co", "1", "True"], done.stderr
    assert start(PUBLIC_URL="https://sms.tienda.co", PROXIES="2").stdout.split()[2] == "2"


FROM_FILES = {
    "SECRET_KEY": ("s.SECRET_KEY", "k" * 40),
    "SECRET_KEY_ANTERIOR": ("s.SECRET_KEY_FALLBACKS[0]", "a" * 40),
    "DATABASE_URL": ("s.DATABASES['default']['NAME']", "postgresql://u:c@h/otra"),
    "REDIS_URL": ("s.CACHES['default']['LOCATION']", "redis://:c@h:6379/5"),
    "TWILIO_ACCOUNT_SID": ("s.TWILIO_ACCOUNT_SID", "AC" + "1" * 32),
    "TWILIO_AUTH_TOKEN": ("s.TWILIO_AUTH_TOKEN", "t1"),
    "TWILIO_AUTH_TOKEN_ANTERIOR": ("s.TWILIO_AUTH_TOKEN_ANTERIOR", "t0"),
    "TWILIO_SHARED_KEYS": ("s.TWILIO_SHARED_KEYS[1]", "uno,dos"),
    "EMAIL_HOST_PASSWORD": ("s.EMAIL_HOST_PASSWORD", "pw"),
    "METRICS_TOKEN": ("s.METRICS_TOKEN", "m"),
}


def test_a_secret_may_be_in_a_file_which_wins(tmp_path: Path) -> None:
    env: dict[str, str] = {}
    for name, (_, value) in FROM_FILES.items():
        (tmp_path / name).write_text(f"{value}\n")
        env |= {f"{name}_FILE": str(tmp_path / name), name: "otra cosa"}
    found = json.loads(
        start(f"__import__('json').dumps([{', '.join(say for say, _ in FROM_FILES.values())}])", **env).stdout
    )
    wanted = {"DATABASE_URL": "otra", "TWILIO_SHARED_KEYS": "dos"}
    assert found == [wanted.get(name, value) for name, (_, value) in FROM_FILES.items()]
    assert set(environment.SECRETS) == {*FROM_FILES, "DJANGO_SUPERUSER_PASSWORD"}


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe\xfa"])
def test_a_secrets_file_that_holds_none_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "clave"
    if content is not None:
        file.write_bytes(content)
    done = start(SECRET_KEY_FILE=str(file))
    assert done.returncode != 0
    assert f"Environment: SECRET_KEY_FILE: {file} " in done.stderr.splitlines()[-1]


def test_behind_a_pooler_nothing_is_asked_of_a_session() -> None:
    prints = "__import__('json').dumps(s.DATABASES['default'])"
    url = "postgresql://u@h/n?sslmode=require"
    found = json.loads(start(prints, DATABASE_URL=url, DATABASE_POOLER="transaction").stdout)
    assert (found["OPTIONS"]["sslmode"], "options" in found["OPTIONS"]) == ("require", False)
    assert found["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert json.loads(start(prints, DATABASE_URL=url).stdout)["DISABLE_SERVER_SIDE_CURSORS"] is False
    done = start(DATABASE_POOLER="statement")
    assert done.returncode != 0
    assert "DATABASE_POOLER" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(("url", "prefix"), [("https://sms.tienda.co", "__Host-"), ("http://localhost:8000", "")])
def test_cookies_are_the_hosts_own_with_https(url: str, prefix: str) -> None:
    names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_PATH", "SESSION_COOKIE_DOMAIN")
    done = start(", ".join(f"s.{name}" for name in names), PUBLIC_URL=url)
    assert done.stdout.split() == [f"{prefix}sessionid", f"{prefix}csrftoken", "/", "None"]


@pytest.mark.parametrize(
    ("given", "required"),
    [
        ({}, "False"),
        ({"PUBLIC_URL": "http://127.0.0.1:8000"}, "False"),
        ({"PUBLIC_URL": "https://sms.tienda.co"}, "True"),
        ({"PUBLIC_URL": "https://sms.tienda.co", "SECOND_FACTOR_REQUIRED": "0"}, "False"),
        ({"SECOND_FACTOR_REQUIRED": "1"}, "True"),
    ],
)
def test_a_second_factor_is_required_where_pages_are_https(given: dict[str, str], required: str) -> None:
    done = start("s.SECOND_FACTOR_REQUIRED", **given)
    assert done.stdout.strip() == required, done.stderr


def test_the_process_wins_over_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / "shop.env"
    env_file.write_text("PORT=7000\nPUBLIC_URL=http://from-the-file\n")
    done = start(ENV_FILE=str(env_file), PORT="7500")
    assert done.stdout.split()[:2] == ["7500", "http://from-the-file"], done.stderr


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        ({"TWILIO_FROM": "+573001112233"}, "1.0"),
        ({"TWILIO_FROM": "85432"}, "100.0"),
        ({"TWILIO_FROM": "+573001112233", "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32}, "0.0"),
        ({"TWILIO_FROM": "+573001112233", "TWILIO_API_BASE_URL": "http://127.0.0.1:8900"}, "0.0"),
        ({"TWILIO_FROM": "85432", "TWILIO_API_BASE_URL": "http://s:1", "SENDER_SEGMENTS_PER_S": "2.5"}, "2.5"),
        ({"TWILIO_FROM": "85432", "SENDER_SEGMENTS_PER_S": "0"}, "0.0"),
    ],
)
def test_the_senders_rate_follows_its_kind(given: dict[str, str], rate: str) -> None:
    assert start("s.SENDER_SEGMENTS_PER_S", **given).stdout.split() == [rate]


def test_a_shop_sends_to_the_installations_own_country_alone() -> None:
    prints = "*s.SHOP_COUNTRIES, s.SHOP_MAX_MONEY_DAY, s.SHOP_MAX_MESSAGES_DAY"
    assert start(prints).stdout.split() == ["CO", "None", "None"]
    said = {"PHONE_DEFAULT_REGION": "MX", "SHOP_MAX_MONEY_DAY": "20.50", "SHOP_MAX_MESSAGES_DAY": "500"}
    assert start(prints, **said).stdout.split() == ["MX", "20.50", "500"]
    assert start(prints, SHOP_COUNTRIES="CO, PA").stdout.split()[:2] == ["CO", "PA"]
    # A simulator sends to nobody.
    assert start(prints, TWILIO_API_BASE_URL="http://localhost:8900").stdout.split()[0] == "*"
    said = {"TWILIO_API_BASE_URL": "http://localhost:8900", "SHOP_COUNTRIES": "CO"}
    assert start(prints, **said).stdout.split()[0] == "CO"
