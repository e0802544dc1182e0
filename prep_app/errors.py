"""The one kind of error that is the user's to mend; everything else is a bug."""


class UserError(Exception):
    """What went wrong, where, and what to do next, in one line fit to print."""
