"""The long codes of the shops that `many` measures: `make_senders` lends them, the stand-in's ledger names them."""


def sender_of(number: int) -> str:
    """Return the long code of a shop."""
    return f"+1500{number:07d}"
