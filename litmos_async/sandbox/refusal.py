"""How every part of the sandbox says no."""


class Refusal(Exception):
    """The service says no, with a status and a reason."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
