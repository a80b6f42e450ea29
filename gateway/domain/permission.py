"""Who may do what: roles, actions, and whose communes somebody sees. docs/security.md holds the same table; a test compares them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person is appointed to. A person may have several, never planner and approver at once."""

    PLANNER = "planner"  # puts waves together
    APPROVER = "approver"  # says yes to another person's wave
    READER = "reader"  # reads tips and sorts them
    VERIFIER = "verifier"  # checks tips on the ground, opens and concludes cases
    CUSTODIAN = "custodian"  # evidence, ADN requests, requests of persons
    PRINT = "print"  # makes and hands out what is printed
    REPORTER = "reporter"  # counts, reports; no numbers, no names
    PROVINCE = "province"  # all communes, no numbers
    ADMINISTRATOR = "administrator"  # users, keys, backups; reads no tips


class Action(StrEnum):
    """What can be allowed or refused. Named `object.verb`; the audit log uses the same words."""

    TIP_READ = "tip.read"
    TIP_SORT = "tip.sort"  # classify, correct fields, link, note
    TIP_ENTER = "tip.enter"  # type in what came by phone, on paper or in person
    TIP_ASK = "tip.ask"  # write to the informant
    TIP_VERIFY = "tip.verify"
    NUMBER_REVEAL = "number.reveal"
    CASE_READ = "case.read"
    CASE_WORK = "case.work"
    EVIDENCE_HANDLE = "evidence.handle"
    ADN_READ = "adn.read"
    ADN_WORK = "adn.work"
    REGISTER_WORK = "register.work"  # witnesses and battles
    COMMEND_PROPOSE = "commend.propose"
    COMMEND_SIGN = "commend.sign"
    HAND_OVER_READ = "hand_over.read"
    HAND_OVER_PREPARE = "hand_over.prepare"
    HAND_OVER_DECIDE = "hand_over.decide"
    WAVE_READ = "wave.read"
    WAVE_PLAN = "wave.plan"
    WAVE_APPROVE = "wave.approve"
    WAVE_CONTROL = "wave.control"  # start, pause, resume, cancel
    PRINT_READ = "print.read"
    PRINT_MAKE = "print.make"
    PRINT_APPROVE = "print.approve"
    NUMBERS_READ = "numbers.read"
    REPORT_MAKE = "report.make"
    REPORT_SIGN = "report.sign"
    REQUEST_WORK = "request.work"  # requests of persons: access, correct, delete, withdraw
    USER_MANAGE = "user.manage"
    AUDIT_READ = "audit.read"


_R = Role
MAY: Final[Mapping[Action, frozenset[Role]]] = {
    Action.TIP_READ: frozenset({_R.READER, _R.VERIFIER, _R.CUSTODIAN}),
    Action.TIP_SORT: frozenset({_R.READER, _R.VERIFIER}),
    Action.TIP_ENTER: frozenset({_R.READER, _R.VERIFIER}),
    Action.TIP_ASK: frozenset({_R.READER, _R.VERIFIER}),
    Action.TIP_VERIFY: frozenset({_R.VERIFIER}),
    Action.NUMBER_REVEAL: frozenset({_R.READER, _R.VERIFIER, _R.CUSTODIAN}),
    Action.CASE_READ: frozenset({_R.READER, _R.VERIFIER, _R.CUSTODIAN}),
    Action.CASE_WORK: frozenset({_R.VERIFIER}),
    Action.EVIDENCE_HANDLE: frozenset({_R.CUSTODIAN}),
    Action.ADN_READ: frozenset({_R.CUSTODIAN}),
    Action.ADN_WORK: frozenset({_R.CUSTODIAN}),
    Action.REGISTER_WORK: frozenset({_R.READER, _R.VERIFIER, _R.CUSTODIAN}),
    Action.COMMEND_PROPOSE: frozenset({_R.VERIFIER}),
    Action.COMMEND_SIGN: frozenset({_R.APPROVER, _R.CUSTODIAN}),
    Action.HAND_OVER_READ: frozenset({_R.VERIFIER, _R.CUSTODIAN}),
    Action.HAND_OVER_PREPARE: frozenset({_R.VERIFIER}),
    Action.HAND_OVER_DECIDE: frozenset({_R.CUSTODIAN}),
    Action.WAVE_READ: frozenset({_R.PLANNER, _R.APPROVER}),
    Action.WAVE_PLAN: frozenset({_R.PLANNER}),
    Action.WAVE_APPROVE: frozenset({_R.APPROVER}),
    Action.WAVE_CONTROL: frozenset({_R.PLANNER, _R.APPROVER}),
    Action.PRINT_READ: frozenset({_R.PRINT, _R.PLANNER, _R.APPROVER}),
    Action.PRINT_MAKE: frozenset({_R.PRINT}),
    Action.PRINT_APPROVE: frozenset({_R.APPROVER}),
    Action.NUMBERS_READ: frozenset(Role),
    Action.REPORT_MAKE: frozenset({_R.REPORTER}),
    Action.REPORT_SIGN: frozenset({_R.APPROVER}),
    Action.REQUEST_WORK: frozenset({_R.CUSTODIAN}),
    Action.USER_MANAGE: frozenset({_R.ADMINISTRATOR}),
    Action.AUDIT_READ: frozenset({_R.ADMINISTRATOR, _R.PROVINCE}),
}


NOT_FOR_THE_PROVINCE: Final = frozenset({Action.NUMBER_REVEAL, Action.ADN_READ, Action.ADN_WORK})  # who sees all communes sees no numbers


class Forbidden(Exception):
    """Somebody asked for what their roles or their commune don't give; the message says what, in one sentence."""


class Elsewhere(Forbidden):
    """It belongs to another commune: whether it is there at all is nobody's business."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something at the desk. Every use case behind a page takes one. `user`: its id; `commune`: official code."""

    user: int
    name: str
    roles: frozenset[Role]
    commune: str

    @property
    def communes(self) -> str | None:
        """The commune whose rows this person sees; None: all of them (the province)."""
        return None if Role.PROVINCE in self.roles else self.commune

    def may(self, action: Action) -> bool:
        """Whether one of this person's roles gives `action`; no role gives the province a number."""
        if action in NOT_FOR_THE_PROVINCE and Role.PROVINCE in self.roles:
            return False
        return bool(MAY[action] & self.roles)

    def sees(self, commune: str) -> bool:
        return self.communes in (None, commune)

    def need(self, action: Action, commune: str | None = None) -> None:
        """Raises Forbidden unless this person may do `action`, to what belongs to `commune` if one is given."""
        if not self.may(action):
            raise Forbidden(f"{self.name} may not do this ({action}); ask who keeps the list of users")
        if commune is not None and not self.sees(commune):
            raise Elsewhere("there is nothing of this name in your commune")
