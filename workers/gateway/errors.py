"""The exceptions for a call to Twilio that brings no good answer, whichever client makes it."""

from twilio.http.response import Response  # type: ignore[import-untyped]


class MaybeSentError(Exception):
    """Raised when the connection was made and then failed: the request may have been acted on."""

    def __init__(self, code: str, cause: BaseException | str) -> None:
        self.code = code
        super().__init__(f"{code}: {cause}")


class ErrorAnswerError(Exception):
    """Raised for an HTTP answer other than 2xx, with all of it: the SDK's own exception drops the headers and the raw
    body."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer
        super().__init__(f"HTTP {answer.status_code}")


def checked(response: Response) -> Response:
    """Return a good answer.

    Raises:
        ErrorAnswerError: its status is not 2xx.
    """
    if not 200 <= response.status_code < 300:
        raise ErrorAnswerError(response)
    return response
