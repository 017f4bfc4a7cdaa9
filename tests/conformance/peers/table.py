"""Devices of ophyd and ophyd-async for types of the library, and each difference with its reason.

The reference of the types shows this table; `test_peers` holds it against the classes themselves.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Peer:
    """A device of another library for one of our types.

    :param ours: the type.
    :param params: those that it is made with, beside `prefix`.
    :param beside: another device, that these refer to.
    :param commands: suffixes that a plan writes there, and that are commands here.
    :param missing: reason for which we leave PVs out, by suffix; a `*` in it stands for anything.
    :param types: dtype of theirs and of ours, with the reason, by suffix.
    :param sides: reason for which only one of both writes a PV, by suffix.
    :param more: reason for the PVs that only we have; empty for none.
    """

    library: str
    kind: str
    ours: str
    params: str = ""
    beside: str = ""
    commands: tuple[str, ...] = ()
    missing: dict[str, str] = field(default_factory=dict[str, str])
    types: dict[str, tuple[str, str, str]] = field(default_factory=dict[str, tuple[str, str, str]])
    sides: dict[str, str] = field(default_factory=dict[str, str])
    more: str = ""

    @property
    def name(self) -> str:
        """Return the class as people write it."""
        return self.kind.replace(":", ".")


HOMING = "homing has no end that a client can tell from that of any other move; it is no move of a plan"
ENCODER = "the encoder and the steps of a turn are facts of the hardware; only the record works with them"
FLAG = ("int", "bool", "the record has 0 and 1 there and nothing else")
SETTING = "they are settings, which `settings restore` puts back"
MORE = "what says how a move ended (MISS, MSTA, LVIO, SPMG), and what the record moves with (BDST, RTRY)"
LABEL = ("str", "enum", "a menu has labels, which are checked")
COUNTED = "the record sets it; what is put there is lost"
COUNTERS = "how many channels the hardware has (NCH)"
VERSIONS = "facts of the installation, which no plan sets or checks"
POOL = "how much memory the IOC uses for frames"
ASYN = "of the connection to the hardware, or of the processing in the IOC"
GEOMETRY = "a region, binning or gain is set once for an experiment; a type that extends ours declares what it needs"
PATTERN = "what the simulated frames look like"
EPICS_SHUTTER = "a shutter is a device of its own (`epics.shutter`)"
FRAMES = "of the frame that came last; its size and type are those of the driver"
LAYOUT = "how the file is laid out and packed, which the IOC decides once"
NAMING = "the whole name of a file is set by the file template, and read back"
OTHER_WAYS = "other ways to write a file than a stream of frames"
BETWEEN = "how its queue is doing; a scan looks whether frames were dropped (DroppedArrays)"
ON_OFF = ("enum", "bool", "the record has 0 and 1 there and nothing else")
ON_OFF_TEXT = ("str", "bool", "the record has 0 and 1 there and nothing else")
OLDER = "it became writable later than in ADCore 3.0, so it is only read"
DRIVER = {"ADCoreVersion*": VERSIONS, "DriverVersion*": VERSIONS, "NDAttributesFile": LAYOUT}
PEERS = (
    Peer(
        "ophyd", "ophyd:EpicsMotor", "epics.motor",
        commands=(".STOP",),
        missing={".HOMF": HOMING, ".HOMR": HOMING, ".TDIR": "`moving` and the readback say it"},
        more=MORE,
    ),
    Peer(
        "ophyd-async", "ophyd_async.epics.motor:Motor", "epics.motor",
        commands=(".STOP",),
        missing={
            ".ERES": ENCODER, ".UREV": ENCODER, ".SREV": ENCODER,
            ".OUT": "the link to the hardware is none of a plan's business",
        },
        types={".DMOV": FLAG, ".HLS": FLAG, ".LLS": FLAG},
        sides=dict.fromkeys((".EGU", ".MRES", ".PREC", ".RDBD", ".VMAX"), SETTING),
        more=MORE,
    ),
    Peer(
        "ophyd", "ophyd.scaler:ScalerCH", "epics.scaler",
        params="n: 32",
        commands=(".CNT",),
        types={".CONT": LABEL, ".G*": LABEL},
        sides={".T": COUNTED},
        more=COUNTERS,
    ),
    Peer(
        "ophyd", "ophyd:EpicsScaler", "epics.scaler",
        params="n: 32",
        commands=(".CNT",),
        types={".CONT": LABEL},
        sides={".T": COUNTED},
        more=COUNTERS,
    ),
    Peer(
        "ophyd-async", "ophyd_async.epics.adcore:ADBaseIO", "ad.sim_driver",
        missing={
            **DRIVER, "ArraySize[012Z]_RBV": FRAMES, "FirmwareVersion_RBV": VERSIONS, "Manufacturer_RBV": VERSIONS,
            "Model_RBV": VERSIONS, "SDKVersion_RBV": VERSIONS, "SerialNumber_RBV": VERSIONS, "UniqueId_RBV": FRAMES,
            "WaitForPlugins": "whether plugins are done is asked of each plugin",
        },
        sides={"ColorMode_RBV": SETTING, "DataType_RBV": SETTING},
        more="the class is that of every driver; ours has what the simulation adds",
    ),
    Peer(
        "ophyd", "ophyd.areadetector.cam:SimDetectorCam", "ad.sim_driver",
        missing={
            "Array*Z_RBV": FRAMES, "ArraySize_RBV": FRAMES, "ArrayRate_RBV": FRAMES, "FrameType_RBV": GEOMETRY,
            "DataType_RBV.DISA": ASYN, "AsynIO": ASYN, "ReadStatus": ASYN, "String*Server_RBV": ASYN,
            "StatusMessage_RBV": ASYN, "Reset_RBV": "a command has nothing to read", "NDAttributesFile": LAYOUT,
            "Bin[XY]_RBV": GEOMETRY, "M??*[XY]_RBV": GEOMETRY, "Reverse[XY]_RBV": GEOMETRY, "Size[XY]_RBV": GEOMETRY,
            "NumExposures*": GEOMETRY, "TimeRemaining_RBV": ASYN, "Temperature*": GEOMETRY,
            "Manufacturer_RBV": VERSIONS, "Model_RBV": VERSIONS, "Pool*": POOL, "Shutter*": EPICS_SHUTTER,
            "Peak*": PATTERN, "Noise_RBV": PATTERN, "Gain?*_RBV": PATTERN,
        },
        more="`Reset` is a command, which is written there as what it reads back",
    ),
    Peer(
        "ophyd-async", "ophyd_async.epics.adcore:NDFileHDF5IO", "ad.hdf_writer",
        params="source: {ref: driver.port_name}", beside="driver: {type: ad.sim_driver, prefix: 'P:driver:'}",
        missing={
            **DRIVER, "ArraySize*": FRAMES, "ColorMode_RBV": FRAMES, "DataType_RBV": FRAMES, "UniqueId_RBV": FRAMES,
            "AutoIncrement": NAMING, "FileNumber": NAMING, "ChunkSizeAuto_RBV": LAYOUT, "Compression_RBV": LAYOUT,
            "NumExtraDims_RBV": LAYOUT, "NumFramesChunks_RBV": LAYOUT, "PositionMode_RBV": LAYOUT,
            "XMLFileName_RBV": LAYOUT, "NDArrayAddress_RBV": ASYN,
            "CreateDirectory": "ours reads what the record says (_RBV)",
            "QueueSize_RBV": "ours reads the record itself",
            "FlushNow": "a file that may be read meanwhile is flushed by its own setting (NumFramesFlush)",
        },
        types={"EnableCallbacks_RBV": ON_OFF},
        more="whether frames were dropped, why a file could not be written, and whether the source waits",
    ),
    Peer(
        "ophyd", "ophyd.areadetector.plugins:HDF5Plugin", "ad.hdf_writer",
        params="source: {ref: driver.port_name}", beside="driver: {type: ad.sim_driver, prefix: 'P:driver:'}",
        missing={
            "Array*_RBV": FRAMES, "BayerPattern_RBV": FRAMES, "ColorMode_RBV": FRAMES, "DataType_RBV": FRAMES,
            "*Dim*": FRAMES, "TimeStamp_RBV": FRAMES, "UniqueId_RBV": FRAMES,
            "Auto*_RBV": NAMING, "FileNumber*": NAMING, "FileFormat_RBV": NAMING, "DeleteDriverFile_RBV": OTHER_WAYS,
            "ReadFile_RBV": OTHER_WAYS, "WriteFile_RBV": OTHER_WAYS, "WriteStatus": "WriteMessage says why",
            "Boundary*": LAYOUT, "Compression_RBV": LAYOUT, "*DataBits*": LAYOUT, "Num*Chunks_RBV": LAYOUT,
            "NumFramesFlush_RBV": LAYOUT, "NDAttributesFile": LAYOUT, "SZip*": LAYOUT, "ZLevel_RBV": LAYOUT,
            "Store*": LAYOUT, "AsynIO": ASYN, "NDArrayAddress_RBV": ASYN, "PluginType_RBV": ASYN,
            "MinCallbackTime_RBV": ASYN, "Pool*": POOL, "Queue?*": BETWEEN, "IOSpeed": BETWEEN, "RunTime": BETWEEN,
        },
        types={"EnableCallbacks_RBV": ON_OFF_TEXT, "BlockingCallbacks_RBV": ON_OFF_TEXT},
        sides={"QueueSize": OLDER, "WriteMessage": "the plugin says it; what is put there is lost"},
        more="reading while it writes (SWMR), opening with the first frame, and folders that it makes",
    ),
)  # fmt: skip
