"""Why long work cannot be done."""


class JobFailed(Exception):
    """The job cannot be done, however often it is tried.

    code: for programs. params: what a message for people speaks of.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = {name: str(value) for name, value in params.items()}
