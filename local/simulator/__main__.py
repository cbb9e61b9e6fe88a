"""`python -m local.simulator --port 8900 --data DIR`."""

import asyncio
import sys

from local.simulator.config import ConfigError, read_config
from local.simulator.ledger import DataUnreadableError
from local.simulator.server import Server


async def main() -> None:
    """Start and serve."""
    await Server(read_config()).run()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (ConfigError, DataUnreadableError) as error:
        sys.exit(f"simulator: {error}")
