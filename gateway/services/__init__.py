"""Use cases: what the gateway does, each once, whichever door asked for it."""
