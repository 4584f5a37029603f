"""The errors of the gateway, each of which knows the status and the sentence a Qdrant server answers with."""


class ApiError(Exception):
    """An answer other than success: `{"status": {"error": message}}` under the given status code."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class FormatError(Exception):
    """
    The request body is not what the call expects.

    It is turned into an ApiError where the raw body is at hand, because a Qdrant server ends most of these
    sentences with the position at which its JSON parser gave up.
    """

    def __init__(self, message: str, positioned: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.positioned = positioned


def not_found(what: str) -> ApiError:
    """404, said the way Qdrant says it."""
    return ApiError(404, f"Not found: {what}")


def no_collection(name: str) -> ApiError:
    """404 for a name that is neither a collection nor an alias."""
    return not_found(f"Collection `{name}` doesn't exist!")


def wrong_input(why: str, status: int = 400) -> ApiError:
    """400 (or 409 where something is already there) for a well-formed request that cannot be done."""
    return ApiError(status, f"Wrong input: {why}")


def bad_request(why: str) -> ApiError:
    """400 for a request that names something unusable."""
    return ApiError(400, f"Bad request: {why}")


def unsupported(what: str) -> ApiError:
    """400 for a feature of Qdrant that the gateway leaves out: said openly, never ignored."""
    return wrong_input(f"{what} is not supported by the edge gateway")


def internal(why: str) -> ApiError:
    """500, said the way Qdrant says it."""
    return ApiError(500, f"Service internal error: {why}")


def no_variant(enum: str) -> FormatError:
    """The sentence of Qdrant's JSON parser when a value fits none of the accepted forms."""
    return FormatError(f"data did not match any variant of untagged enum {enum}")


def from_engine(error: Exception) -> ApiError:
    """Translate what the storage engine raised: it has one exception class, so its text decides."""
    text = str(error)
    if text.startswith("No point with id"):
        return not_found(text if text.endswith("found") else f"{text} found")
    if text.startswith(("No range index", "No appropriate index")):
        return bad_request(text)
    if "Not existing vector name" in text or "imension" in text or text.startswith("invalid JSON path"):
        return wrong_input(text)
    return internal(text)
