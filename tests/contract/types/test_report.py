"""What the tables call a warning and an error, as a user of a beamline meets them."""

from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.errors import BadValueError, ConversionError, MismatchError, PrecisionLostError
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: numbers
defaults: {connect: optional}
devices:
  ca: {type: signal, pv: "ca://PREFIXint64out", dtype: int, access: rw}
  pva: {type: signal, pv: "pva://PREFIXint64out", dtype: int, access: rw}
  wrong: {type: signal, pv: "ca://PREFIXmbbo", dtype: float}
"""


@pytest.fixture(scope="module")
def types_ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(Path(__file__).parent / "records.db")


async def test_64_bits_over_channel_access_are_a_warning_and_an_error_beyond_2_53(
    types_ioc: Ioc, tmp_path: Path
) -> None:
    (tmp_path / "beamline.yaml").write_text(BEAMLINE.replace("PREFIX", types_ioc.prefix))
    bl: Any = load_beamline(tmp_path)
    report = await bl.aconnect(timeout=10)
    ca, pva, wrong = report.devices
    assert [(problem.severity, problem.code) for problem in ca.problems] == [("warning", "E628")]
    assert "9007199254740992" in ca.problems[0].cause
    assert (ca.state, pva.state, pva.problems) == ("connected", "connected", ())
    assert (wrong.state, wrong.problems[0].code) == ("mismatch", "E620")
    assert (wrong.problems[0].expected, wrong.problems[0].help) == ("float", "declare `dtype: enum`")

    await bl.pva.set(2**53 - 1)
    assert await bl.ca.get_value() == await bl.pva.get_value() == 2**53 - 1
    with pytest.raises(PrecisionLostError, match="too large to be exact") as caught:
        await bl.ca.set(2**53 + 1)
    assert isinstance(caught.value, BadValueError)
    assert await bl.pva.get_value() == 2**53 - 1
    await bl.pva.set(2**53 + 1)
    assert await bl.pva.get_value() == 2**53 + 1
    with pytest.raises(PrecisionLostError) as read:
        await bl.ca.get_value()
    assert isinstance(read.value, ConversionError)
    with pytest.raises(MismatchError):
        await bl.wrong.get_value()
    await bl.aclose()
