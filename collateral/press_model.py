"""How a press prints: Yule-Nielsen's Neugebauer model of FOGRA39 by its sixteen solids and each ink's dot gain, forwards and backwards.

Colours are relative to the paper: (100, 0, 0) is no ink. Inks are (cyan, magenta, yellow, black), each 0 to 1. The model takes the light
that spreads in the paper by the exponent 1.5 (n of Yule and Nielsen): then the roots that CIELAB takes of a colour are square roots of what
mixes evenly, and the whole model is sums, products and square roots, the same to the last bit on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, sqrt
from operator import mul
from typing import Final

Lab = tuple[float, float, float]
Inks = tuple[float, float, float, float]

# L*, a*, b* (D50) of paper and overprints: cyan, magenta, yellow, black off or on, black first to change. Characterisation FOGRA39,
# evaluated through ISO Coated v2 300, relative colorimetric.
SOLIDS: Final[tuple[Lab, ...]] = (
    (100, 0, 0), (17.44, 0, 0.59), (93.73, -5.22, 98.13), (17.14, -3.22, 12.66),
    (50.88, 77.33, -1.92), (11.61, 14.55, 1.88), (49.84, 71.06, 50.81), (12.56, 9, 8.09),
    (58.2, -38.67, -50.4), (11.6, -8.57, -10.11), (52.97, -67.93, 29.14), (12.55, -13.46, 4.19),
    (25.8, 22.99, -46.84), (8.96, 6.05, -5.7), (24.76, 0, 0.72), (9.82, -0.07, 2.61),
)  # fmt: skip
PAPER_WHITE: Final = (0.8448, 0.8762, 0.7455)  # X, Y, Z of the paper (D50)
# Dot gain at 50 % beyond what the exponent explains, and how much more it is in shadows than in lights; fitted to the same.
_GAINS: Final = ((0.079, 0.025), (0.057, 0.078), (0.045, 0.059), (0.056, 0.025))
INK_LIMIT: Final = 3.0

_CLEAN: Final = 35.0  # chroma at which black does a quarter of a colour's darkening; in greys it does nearly all
_FADING: Final = 0.02  # out of gamut, colours rather lose chroma than become lighter, darker or of another hue: how much rather, a ΔC*
_BLACK_PULL: Final = 2.0  # (ΔE for all black instead of none)²: black goes where it should as long as the colour is hardly touched
_HOLD: Final = 0.5  # keeps a step short where two inks do the same
_ROUNDING: Final = 1e-9
_TURNS: Final = 6
_STILL: Final = 0.005  # a step of so little in coverage ends the search


def cover(ink: int, tone: float) -> float:
    """What a tone of the plate covers on paper, 0 to 1."""
    gain, shadows = _GAINS[ink]
    return tone + 4 * tone * (1 - tone) * (gain + shadows * (2 * tone - 1))


def tone(ink: int, covered: float) -> float:
    """The plate's tone that covers so much: `cover` backwards."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if cover(ink, middle) < covered else (low, middle)
    return high if covered >= 1 else low if covered <= 0 else (low + high) / 2


def printed(tones: Inks) -> tuple[float, float, float]:
    """X, Y, Z of a tint, of paper = 1."""
    x, y, z = _roots([cover(ink, each) for ink, each in enumerate(tones)])
    return x**3, y**3, z**3


def lab_of(covers: Sequence[float]) -> Lab:
    return _lab(_roots(covers))


def covers_for(wanted: Lab, start: Sequence[float] = (0.0, 0.0, 0.0, 0.0)) -> tuple[list[float], float]:
    """The coverages that print nearest to `wanted`, and how far off they are (ΔE*ab). `start`: those of a colour near by, for speed.

    Gauss and Newton within the bounds of the inks, grey drawn to black, at most INK_LIMIT in all.
    """
    axes, black = _axes(wanted), _black_for(wanted)
    covers = list(start)
    for _ in range(_TURNS):
        step = _bounded(*_normal(covers, wanted, axes, black), covers)
        covers = [min(1.0, max(0.0, each + by)) for each, by in zip(covers, step, strict=True)]
        if max(map(abs, step)) < _STILL:
            break
    dry = _dried(covers)
    light, a, b = lab_of(dry)
    return dry, hypot(light - wanted[0], a - wanted[1], b - wanted[2])


def _roots_of_lab(lab: Lab) -> tuple[float, float, float]:
    """Cube roots of X, Y, Z (ISO 11664-4); true also of the darkest solid, so that its straight foot is never met."""
    y = (lab[0] + 16) / 116
    return y + lab[1] / 500, y, y - lab[2] / 200


def _lab(roots: Sequence[float]) -> Lab:
    x, y, z = roots
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _mixing(channel: int) -> list[float]:
    """Factors of `_terms`: the solids' light as a polynomial in the coverages, linear in each."""
    factors = [_roots_of_lab(lab)[channel] ** 2 for lab in SOLIDS]
    for bit in (1, 2, 4, 8):
        factors = [each - factors[at ^ bit] if at & bit else each for at, each in enumerate(factors)]
    return factors


_MIXING: Final = tuple(_mixing(channel) for channel in range(3))
_SLOPES: Final = tuple(tuple([each for at, each in enumerate(m) if at & bit] for bit in (8, 4, 2, 1)) for m in _MIXING)


def _terms(covers: Sequence[float]) -> list[float]:
    """All products of coverages, in the order of SOLIDS."""
    terms = [1.0]
    for each in covers:
        terms = [part for term in terms for part in (term, term * each)]
    return terms


def _roots(covers: Sequence[float]) -> tuple[float, float, float]:
    terms = _terms(covers)
    x, y, z = (sqrt(sum(map(mul, factors, terms))) for factors in _MIXING)
    return x, y, z


def _slopes(covers: Sequence[float], roots: Sequence[float]) -> list[Lab]:
    """What a little more of each ink does to L*, a*, b*."""
    others = [_terms([*covers[:ink], *covers[ink + 1 :]]) for ink in range(4)]
    slopes = []
    for ink, terms in enumerate(others):
        x, y, z = (sum(map(mul, _SLOPES[channel][ink], terms)) / (2 * roots[channel]) for channel in range(3))
        slopes.append((116 * y, 500 * (x - y), 200 * (y - z)))
    return slopes


def _black_for(wanted: Lab) -> float:
    """Coverage of black: in greys nearly all that darkens, in clean colours nothing."""
    light = _roots_of_lab((max(0.0, wanted[0]), 0, 0))[1] ** 2
    alone = min(1.0, max(0.0, (1 - light) / -_MIXING[1][1]))
    return alone / (1 + (wanted[1] ** 2 + wanted[2] ** 2) / _CLEAN**2) ** 2


def _axes(wanted: Lab) -> tuple[Lab, Lab, Lab]:
    """What is held in a colour, in L*, a*, b*: its lightness, its chroma (less, the more it has) and its hue."""
    chroma = hypot(wanted[1], wanted[2])
    a, b = (wanted[1] / chroma, wanted[2] / chroma) if chroma else (1.0, 0.0)
    weight = 1 / (1 + _FADING * chroma)
    return (1, 0, 0), (0, a * weight, b * weight), (0, -b, a)


def _along(axes: Sequence[Lab], colour: Sequence[float]) -> list[float]:
    return [sum(map(mul, axis, colour)) for axis in axes]


def _normal(covers: Sequence[float], wanted: Lab, axes: Sequence[Lab], black: float) -> tuple[list[list[float]], list[float]]:
    """Gauss's normal equations of one step."""
    roots = _roots(covers)
    slopes = [_along(axes, slope) for slope in _slopes(covers, roots)]
    off = _along(axes, [to - at for to, at in zip(wanted, _lab(roots), strict=True)])
    matrix = [[sum(map(mul, one, other)) for other in slopes] for one in slopes]
    right = [sum(map(mul, one, off)) for one in slopes]
    for ink in range(4):
        matrix[ink][ink] += _HOLD
    matrix[3][3] += _BLACK_PULL
    right[3] += _BLACK_PULL * (black - covers[3])
    return matrix, right


def _bounded(matrix: list[list[float]], right: list[float], covers: Sequence[float]) -> list[float]:
    """The step that solves the equations, every ink between none and all: the one that would go farthest beyond is held, the rest go on."""
    step, free = [0.0] * 4, [0, 1, 2, 3]
    while free:
        held = [ink for ink in range(4) if ink not in free]
        rest = [right[i] - sum(matrix[i][j] * step[j] for j in held) for i in free]
        for ink, by in zip(free, _solved([[matrix[i][j] for j in free] for i in free], rest), strict=True):
            step[ink] = by
        beyond = {ink: max(covers[ink] + step[ink] - 1, -covers[ink] - step[ink]) for ink in free}
        farthest = max(free, key=beyond.__getitem__)
        if beyond[farthest] <= _ROUNDING:
            break
        step[farthest] = (1.0 if covers[farthest] + step[farthest] > 1 else 0.0) - covers[farthest]
        free.remove(farthest)
    return step


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Elimination without pivots: the matrix is positive definite."""
    size = len(right)
    for at in range(size):
        for row in range(at + 1, size):
            share = matrix[row][at] / matrix[at][at]
            for column in range(at + 1, size):
                matrix[row][column] -= share * matrix[at][column]
            right[row] -= share * right[at]
    for at in reversed(range(size)):
        right[at] = (right[at] - sum(matrix[at][j] * right[j] for j in range(at + 1, size))) / matrix[at][at]
    return right


def _dried(covers: Sequence[float]) -> list[float]:
    """Within INK_LIMIT: less of the three colours, black keeps the depth."""
    tones = [tone(ink, each) for ink, each in enumerate(covers)] if sum(covers) > INK_LIMIT else covers
    over = sum(tones) - INK_LIMIT
    if over <= 0:
        return list(covers)
    share = 1 - over / sum(tones[:3])
    return [*(cover(ink, each * share) for ink, each in enumerate(tones[:3])), covers[3]]
