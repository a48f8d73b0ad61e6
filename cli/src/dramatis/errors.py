"""What the command line tells people when something is wrong."""


class CliError(Exception):
    """Something went wrong: one line that says what, and one that gives the fix."""

    def __init__(self, what: str, fix: str | None = None) -> None:
        super().__init__(what)
        self.fix = fix


class NotUpError(CliError):
    """The stack, or a part of it, does not answer."""

    def __init__(self, what: str) -> None:
        super().__init__(
            what, "Start the stack with `dramatis up`, or name another one: see --help."
        )
