"""A real Kannel 1.4.5 with its spool store, sending through its HTTP SMSC to the fake telco."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from subprocess import DEVNULL, Popen

from tests.benchmarks.children import end
from tests.harness import free_ports, wait_for_port
from tests.peers.kannel import programs

_CONFIG = Template("""\
group = core
admin-port = $admin
admin-password = adm
smsbox-port = $smsbox
box-allow-ip = "127.0.0.1"
store-type = spool
store-location = "$folder/spool"
dlr-storage = internal
sms-resend-freq = 2
log-file = "$folder/bearerbox.log"
log-level = 3

group = smsc
smsc = http
smsc-id = telco
system-type = kannel
smsc-username = tu
smsc-password = tp
port = $smsc
connect-allow-ip = 127.0.0.1
send-url = "$telco/cgi-bin/sendsms"

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = $sendsms
global-sender = 8088
log-file = "$folder/smsbox.log"
log-level = 3

group = sendsms-user
username = u
password = p
max-messages = 8
concatenation = true
user-allow-ip = "127.0.0.1"
""")


@contextmanager
def kannel(folder: Path, telco_url: str) -> Iterator[str | None]:
    """Kannel for the length of the block: its sendsms URL, or None where it is not installed."""
    found = programs()
    if found is None:
        yield None
        return
    admin, boxes, smsc, sendsms = free_ports(4)
    (folder / "spool").mkdir(parents=True)
    config = folder / "kannel.conf"
    config.write_text(_CONFIG.substitute(folder=folder, telco=telco_url, admin=admin, smsbox=boxes, smsc=smsc, sendsms=sendsms), "utf-8")
    running: list[Popen[bytes]] = []
    try:
        for program, port in zip(found, (boxes, sendsms), strict=True):
            running.append(Popen([program, "-v", "4", str(config)], stdout=DEVNULL, stderr=DEVNULL, start_new_session=True))
            wait_for_port(port, running[-1])
        yield f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms"
    finally:
        for process in reversed(running):  # smsbox first, or bearerbox waits for it
            end(process)
