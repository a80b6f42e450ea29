"""What a person asked for and may not have."""


class Refusal(Exception):
    """A request that can't be fulfilled as asked; the message says why and what to do, in one sentence."""
