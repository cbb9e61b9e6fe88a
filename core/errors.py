"""Errors that services raise. They carry the field and the reason; views and the API only translate them."""


class DomainError(Exception):
    """An error for a request that the rules refuse.

    Args:
        message: the reason, in Spanish, ready for a person to read.
        field: path of the field at fault, as in the request (`cliente_ids.3`); None if it is the whole.
        code: short stable slug for programs.
    """

    default_code = "invalid"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code or self.default_code


class InvalidInputError(DomainError):
    """Raised when the input breaks a rule; the API answers 400."""


class ConflictError(DomainError):
    """Raised when the input is fine but the state refuses it; the API answers 409."""

    default_code = "conflict"


class ForbiddenError(DomainError):
    """Raised when the input is fine but not for who asks; the API answers 403."""

    default_code = "permission_denied"
