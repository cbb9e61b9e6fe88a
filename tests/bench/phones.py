"""Recipients that are all different and look like mobiles of Colombia; nothing real is ever called."""

MOST = 10_000_000


def phones(count: int) -> list[str]:
    """The first so many, in E.164."""
    return [f"+57300{number:07d}" for number in range(count)]
