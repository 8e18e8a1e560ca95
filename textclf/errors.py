"""The exception for a mistake in the user's input."""


class InputError(Exception):
    """Parameters, data or a checkpoint that can't be used.

    The message is a sentence for the user: what is wrong, where (file, key, row), and what is allowed or what to do.
    """
