"""The fake telco's desk for area orders: it sends nothing, remembers what was ordered, and makes up the counts that a partner would report.

    POST /sms/orders               an order; the same ref again is the same order
    GET  /sms/orders?ref=…         the order without its credentials, and its counts
    GET  /sms/orders.csv?ref=…     the counts as the list that a partner sends

The counts are a plain function of the order, so that a rehearsal can be checked: 1,000 subscribers a commune, or the expected ones, parted
among the days; of each hundred 92 are reached, 5 are not, 3 get no report.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from gateway.carriers.wire import form_fields
from gateway.domain.segments import segments_of
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.http_server import Exchange, Routes, answer_of

OPERATOR: Final = "Viettel"
IN_A_COMMUNE: Final = 1_000
KEPT: Final = 1_000  # orders
DAYS: Final = 60  # of one order
_HEADER: Final = "Mẫu;Nhà mạng;Ngày;Đã gửi;Đến máy;Lỗi;Số bản tin tính cước"
_WORDS: Final = ("ref", "account", "password", "from", "timezone", "document", "approval")


@dataclass(frozen=True, slots=True)
class AreaCount:
    """One row of what the telco reports."""

    variant: str
    day: str
    sent: int
    delivered: int
    failed: int
    charged_segments: int


class AreaDesk:
    """Orders by their ref. `behaviour`: how the telco treats requests now."""

    def __init__(self, behaviour: Callable[[], Behaviour]) -> None:
        self._behaviour = behaviour
        self._orders: dict[str, tuple[str, dict[str, Any]]] = {}  # by ref: our name of it, the order. Any: JSON
        self._taken = 0

    def routes(self) -> Routes:
        """The routes table."""
        return {
            (b"POST", b"/sms/orders"): self.post,
            (b"GET", b"/sms/orders"): self.get,
            (b"GET", b"/sms/orders.csv"): self.get_csv,
        }

    def post(self, exchange: Exchange) -> bytes:
        """Take an order."""
        order = _order(exchange.body)
        if order is None:
            return _shown(400, {"error": "unreadable"})
        if not self._behaviour().known_account:
            return _shown(403, {"error": "account"})
        name, known = self._orders.get(order["ref"]) or self._take(order)
        if known != order:
            return _shown(409, {"error": "other-words"})
        return _shown(200, {"order": {"ref": order["ref"], "id": name}})

    def _take(self, order: dict[str, Any]) -> tuple[str, dict[str, Any]]:  # Any: JSON
        self._taken += 1
        self._orders[order["ref"]] = (f"AREA-{self._taken}", order)
        if len(self._orders) > KEPT:
            del self._orders[next(iter(self._orders))]
        return self._orders[order["ref"]]

    def get(self, exchange: Exchange) -> bytes:
        """What was ordered, and what came of it."""
        order = self._asked(exchange)
        if order is None:
            return _shown(404, {"error": "unknown"})
        shown = {name: value for name, value in order.items() if name not in ("account", "password")}
        rows = [{"variant": row.variant, "operator": OPERATOR, "day": row.day, "sent": row.sent, "delivered": row.delivered,
                 "failed": row.failed, "charged_segments": row.charged_segments} for row in counts_of(order)]  # fmt: skip
        return _shown(200, {"order": shown, "counts": rows})

    def get_csv(self, exchange: Exchange) -> bytes:
        """The counts as an office writes them: title, semicolons, days with slashes, a row of totals."""
        order = self._asked(exchange)
        if order is None:
            return _shown(404, {"error": "unknown"})
        return answer_of(200, counts_csv(order).encode("utf-8-sig"), "text/csv; charset=utf-8")

    def _asked(self, exchange: Exchange) -> dict[str, Any] | None:
        found = self._orders.get(form_fields(exchange.query).get("ref", b"").decode("utf-8", "replace"))
        return found[1] if found else None


def counts_of(order: Mapping[str, Any]) -> list[AreaCount]:
    """What the telco says it sent: every subscriber once, the variants by turns."""
    days = list(_days(order["days"]))
    people = order["expected"] if order["expected"] is not None else IN_A_COMMUNE * len(order["area"])
    shares = [(variant, text, day) for day in days for variant, text in order["texts"].items()]
    return [
        _count(variant, text, day, people // len(shares) + (at < people % len(shares))) for at, (variant, text, day) in enumerate(shares)
    ]


def _count(variant: str, text: str, day: str, sent: int) -> AreaCount:
    delivered, failed = sent * 92 // 100, sent * 5 // 100
    return AreaCount(variant, day, sent, delivered, failed, sent * segments_of(text))


def counts_csv(order: Mapping[str, Any]) -> str:
    """The counts of `order` as the partner's list."""
    rows = counts_of(order)
    lines = [
        f"{row.variant};{OPERATOR};{date.fromisoformat(row.day):%d/%m/%Y};{row.sent};{row.delivered};{row.failed};{row.charged_segments}"
        for row in rows
    ]
    sums = (sum(row.sent for row in rows), sum(row.delivered for row in rows), sum(row.failed for row in rows))
    total = f"Tổng cộng;;;{sums[0]};{sums[1]};{sums[2]};{sum(row.charged_segments for row in rows)}"
    return "\r\n".join([f"Báo cáo nhắn tin đợt {order['ref']};;;;;;", _HEADER, *lines, total, ""])


def _days(ends: list[str]) -> Iterator[str]:
    first, last = date.fromisoformat(ends[0]), date.fromisoformat(ends[1])
    for ahead in range(min((last - first).days + 1, DAYS)):
        yield (first + timedelta(days=ahead)).isoformat()


def _order(body: bytes) -> dict[str, Any] | None:
    """The order in `body`, or None."""
    try:
        order = json.loads(body)
        good = (
            isinstance(order, dict)
            and all(isinstance(order.get(name), str) for name in _WORDS)
            and bool(order["ref"])
            and isinstance(order["texts"], dict)
            and bool(order["texts"])
            and all(isinstance(text, str) for text in order["texts"].values())
            and isinstance(order["area"], list)
            and bool(order["area"])
            and date.fromisoformat(order["days"][0]) <= date.fromisoformat(order["days"][1])
            and (order["expected"] is None or (type(order["expected"]) is int and order["expected"] >= 0))
        )
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
    return order if good else None


def _shown(status: int, body: object) -> bytes:
    return answer_of(status, json.dumps(body, ensure_ascii=False).encode(), "application/json")
