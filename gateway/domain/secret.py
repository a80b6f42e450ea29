"""A word that must not show: passwords and keys carried through values that others print."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret text. It leaves by `reveal()` alone; str() and repr() show that there is one, never how long it is."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself, for the wire."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> str:
        return "••••"

    def __repr__(self) -> str:
        return "Secret(••••)"
