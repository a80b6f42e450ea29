"""Lists of people's numbers: a row is a contact, or a fault that names its line; no number is shown."""

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

import pytest

from gateway.deployment import Deployment, load_deployment, shipped_deployment
from gateway.domain.contact_list import Contact, LeftOut, open_contacts, repeated
from gateway.domain.fault import Fault
from gateway.domain.number_repair import Repair, Repaired
from gateway.domain.village import Village


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return load_deployment(shipped_deployment())


def read_contacts(
    data: bytes, file: str, villages: Mapping[str, Village]
) -> tuple[tuple[Contact, ...], tuple[Fault, ...], tuple[Repair, ...]]:
    """Contacts of the list, what is wrong in it, and which numbers were repaired. A number that stands twice counts once."""
    reading = open_contacts(BytesIO(data), file, villages)
    contacts: dict[str, Contact] = {}
    faults = list(reading.faults)
    for found in reading.rows:
        if isinstance(found, LeftOut):
            faults.append(found.fault)
        elif (first := contacts.setdefault(found.msisdn.e164, found)) is not found:
            faults.append(repeated(file, found.line, first.line))
    repairs = tuple(Repair(file, each.line, each.repaired, str(each.msisdn)) for each in contacts.values() if each.repaired)
    return tuple(contacts.values()), tuple(faults), repairs


def test_its_contacts_are_an_audience(deployment):
    data = (shipped_deployment() / "contacts_example.csv").read_bytes()
    contacts, faults, repairs = read_contacts(data, "contacts_example.csv", deployment.villages)
    assert (len(contacts), faults, repairs) == (30, (), ())
    assert all(contact.legal_basis or contact.consent for contact in contacts)
    assert {contact.village for contact in contacts} == set(deployment.villages)


def contacts_of(deployment, *rows: str):
    data = ("số điện thoại;thôn;họ tên;đồng ý;Số hộ khẩu\n" + "\n".join(rows)).encode()
    return read_contacts(data, "c.csv", deployment.villages)


def test_contacts_by_code_name_or_title(deployment):
    contacts, faults, _ = contacts_of(deployment, "0300000901;tn 07;;x;A1", "0300000902;Nà Lải;;;", "0300000903;thôn nà lài;;;")
    assert faults == ()
    assert [(contact.village, bool(contact.consent)) for contact in contacts] == [("TN07", True), ("TN01", False), ("TN02", False)]
    assert contacts[0].fields["so_ho_khau"] == "A1"


def test_a_name_without_accents_that_two_villages_share_is_refused(deployment):
    contacts, (fault,), _ = contacts_of(deployment, "0300000901;Na Lai;;x;")
    assert contacts == ()
    assert (fault.line, fault.field) == (2, "village")


def test_a_name_that_two_communes_share_is_refused(deployment):
    elsewhere = replace(deployment.villages["TN01"], code="HH01", commune="06578")
    contacts, (fault,), _ = read_contacts(
        "msisdn,village\n0300000901,Nà Lải\n0300000902,HH01\n".encode(), "c.csv", {**deployment.villages, "HH01": elsewhere}
    )
    assert [contact.village for contact in contacts] == ["HH01"]
    assert fault.line == 2


def test_contacts_with_faults_and_repairs(deployment):
    contacts, faults, repairs = contacts_of(
        deployment,
        "300000901;TN01;;x;",
        "9.1E+08;TN01;;x;",
        "0300000901;TN02;;x;",
        "0300000904;TN31;;x;",
        ";TN01;;;",
        "0300000905;TN01;;x;",
    )
    assert [contact.line for contact in contacts] == [2, 7]
    assert [(fault.line, fault.field) for fault in faults] == [(3, "msisdn"), (4, "msisdn"), (5, "village"), (6, "msisdn")]
    assert "line 2" in faults[1].text
    assert [(repair.line, repair.what) for repair in repairs] == [(2, Repaired.ZERO)]


def test_no_fault_or_repair_shows_a_number(deployment):
    contacts, faults, repairs = contacts_of(deployment, "300000901;TN01;;x;", "0300000902 0300000903;TN01;;x;")
    shown = f"{contacts}{faults}{repairs}" + "".join(map(str, (*faults, *repairs)))
    assert not any(number in shown for number in ("300000901", "0300000902", "0300000903"))
