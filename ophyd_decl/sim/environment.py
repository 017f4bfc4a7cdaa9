"""The variables that keep one server, and its clients, on loopback and on ports of their own.

Server and clients get the same variables of EPICS; Tango needs none, since its names say where a server is. Client
libraries read them once per process, so a client sets them before it imports aioca or p4p.
"""

import os

#: What variables of EPICS and of Tango begin with; ORB is what Tango stands on.
_CONTROL_SYSTEMS = ("EPICS_", "PVXS_", "TANGO_", "ORB")


def environment(ca_port: int, pva_port: int) -> dict[str, str]:
    """Return the variables for a server on these ports and for its clients.

    :param ca_port: TCP and UDP port of Channel Access; the one above is the CA repeater's, where beacons go.
    :param pva_port: TCP port of pvAccess. The one above is the UDP port where the server answers searches, the next
        that where clients wait for beacons: were it one port, clients would take searches from the server.
    Source: EPICS Channel Access Reference Manual, "Configuring EPICS for Channel Access"; PVXS, "Configuration".
    """
    ca, repeater = str(ca_port), str(ca_port + 1)
    pva, search, beacons = str(pva_port), str(pva_port + 1), str(pva_port + 2)
    return {
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_CA_ADDR_LIST": f"127.0.0.1:{ca}",
        "EPICS_CA_NAME_SERVERS": "",
        "EPICS_CA_SERVER_PORT": ca,
        "EPICS_CA_REPEATER_PORT": repeater,
        "EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1",
        "EPICS_CAS_SERVER_PORT": ca,
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CAS_BEACON_ADDR_LIST": "127.0.0.1",
        "EPICS_CAS_BEACON_PORT": repeater,
        "EPICS_PVA_AUTO_ADDR_LIST": "NO",
        "EPICS_PVA_ADDR_LIST": f"127.0.0.1:{search}",  # searches go to the UDP port
        "EPICS_PVA_NAME_SERVERS": "",
        "EPICS_PVA_SERVER_PORT": pva,
        "EPICS_PVA_BROADCAST_PORT": beacons,
        "EPICS_PVAS_INTF_ADDR_LIST": "127.0.0.1",
        "EPICS_PVAS_SERVER_PORT": pva,
        "EPICS_PVAS_BROADCAST_PORT": search,
        "EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_PVAS_BEACON_ADDR_LIST": f"127.0.0.1:{beacons}",
    }


def replace_environment(ca_port: int, pva_port: int) -> None:
    """Make these the only EPICS variables of this process, which is the server.

    What the user has set for the beamline must neither widen the demo's server nor switch its pvAccess off. An IOC is
    a client too; as such it keeps away from the port where its clients wait for beacons.
    """
    remove_variables()
    os.environ.update(environment(ca_port, pva_port) | {"EPICS_PVA_BROADCAST_PORT": str(pva_port + 1)})


def remove_variables() -> None:
    """Remove from this process what the user has set for the control system of a beamline."""
    for name in [name for name in os.environ if name.startswith(_CONTROL_SYSTEMS)]:
        del os.environ[name]
