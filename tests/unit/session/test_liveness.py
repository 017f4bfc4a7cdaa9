"""The liveness time of a file reaches the connectors."""

import time
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl.session.load import load_beamline
from tests.servers.fixtures import IocFactory

BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: quick
liveness: 1
devices:
  value: {type: signal, dtype: float, pv: "PROTOCOL://PREFIXao"}
"""
#: With the liveness time that the language gives, both protocols notice it later.
NOTICED_S = 3.5


@pytest.mark.parametrize("protocol", ["ca", "pva"])
def test_a_file_says_how_long_a_server_may_be_silent(protocol: str, ioc_factory: IocFactory, tmp_path: Path) -> None:
    ioc = ioc_factory()
    (tmp_path / "beamline.yaml").write_text(BEAMLINE.replace("PROTOCOL", protocol).replace("PREFIX", ioc.prefix))
    bl: Any = load_beamline(tmp_path)
    bl.connect().or_raise()
    (channel,) = bl.value.channels
    with ioc.hung():
        started = time.monotonic()
        while channel.state == "connected" and time.monotonic() - started < NOTICED_S:
            time.sleep(0.02)
        assert channel.state == "closed"
    bl.close()
