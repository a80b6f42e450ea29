"""The areas of casework, in the order of the head bar."""

from typing import Final

from gateway.domain.permission import Action
from gateway.web.desk.casework.adn import add_adn
from gateway.web.desk.casework.cases import add_cases
from gateway.web.desk.casework.commendations import add_commendations
from gateway.web.desk.casework.late import add_late, count
from gateway.web.desk.casework.registers import add_registers
from gateway.web.desk.kit import Area

CASEWORK: Final[tuple[Area, ...]] = (
    Area("cases", "Hồ sơ", "/desk/cases", Action.CASE_READ, add_cases),
    Area("registers", "Nhân chứng", "/desk/registers", Action.REGISTER_WORK, add_registers),
    Area("adn", "ADN", "/desk/adn", Action.ADN_READ, add_adn),
    Area("commendations", "Khen thưởng", "/desk/commendations", Action.COMMEND_SIGN, add_commendations),
    Area("late", "Quá hạn", "/desk/late", Action.TIP_READ, add_late, count),
)
