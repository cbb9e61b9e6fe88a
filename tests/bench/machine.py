"""The line that says where the figures come from."""

import importlib.metadata
import os
import platform
from pathlib import Path

import psutil

from tests.bench.stage import Stage

PACKAGES = ("celery", "kombu", "redis", "Django", "psycopg2-binary", "twilio", "urllib3")


async def describe(stage: Stage) -> dict[str, str]:
    """The machine and the versions, by name."""
    [(postgres,)] = await stage.sql("SHOW server_version")
    env = stage.session.env
    valkey = stage.redis().info("server")
    return {
        "processors": f"{os.cpu_count()} × {processor()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "workers": f"{env['WORKER_PROCESSES']} × {env['WORKER_MESSAGES']} messages at a time",
        "Python": platform.python_version(),
        "PostgreSQL": str(postgres),
        "Valkey": str(valkey.get("valkey_version") or valkey.get("redis_version")),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }


def processor() -> str:
    """The processor's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
