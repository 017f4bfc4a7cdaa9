"""The features of ophyd-async 0.21.3, row by row: what shows each of them here, or that a decision says it is not met.

A row has one kind of evidence: scenarios that run on both libraries; tests elsewhere that run both; tests of ours
alone, with the reason; a decision that names it as not met, or as work for later. `test_behaviour.py` checks it.
"""

from typing import NamedTuple

DECISION = "0027-ophyd-async"


class Row(NamedTuple):
    """One feature.

    :param says: what ophyd-async does.
    :param scenarios: functions of `scenarios_*.py` that show it.
    :param beside: tests that run both libraries; `differs` says what is not the same, empty if nothing is.
    :param ours: tests of this package alone; `why` says why the other one is not run.
    :param not_met: what is here in its place.
    :param later: what it waits for.
    """

    id: str
    says: str
    scenarios: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    differs: str = ""
    ours: tuple[str, ...] = ()
    why: str = ""
    not_met: str = ""
    later: str = ""


class Section(NamedTuple):
    """Rows about one thing."""

    title: str
    rows: tuple[Row, ...]


_DEVICES, _SESSION, _CONTRACT, _FAULTS = "tests/unit/devices", "tests/unit/session", "tests/contract", "tests/faults"
_CONFORMANCE = "tests/conformance"
_FLYSCANS = "flyscans"

SECTIONS = (
    Section(
        "Devices",
        (
            Row("device-parents", "`parent` and `children()` in order", ("parents",)),
            Row("device-names", "a child is named `parent-child`, a movable's readback as the movable", ("names",)),
            Row("device-separator", "another separator, `_`, for a whole tree", ("names_with_underscores",)),
            Row(
                "device-vectors",
                "`DeviceVector` with int keys, `DeviceMap` with text keys; a mapping that is a device",
                ("vectors",),
            ),
            Row(
                "device-walks",
                "`walk_devices`, `walk_rw_signals`, `walk_config_signals`, `walk_signal_sources`",
                ("paths",),
            ),
            Row(
                "device-order",
                "the order of keys in documents",
                ours=(
                    f"{_CONFORMANCE}/test_key_order.py::"
                    "test_key_order_is_the_same_in_20_runs_with_different_hash_seeds",
                ),
                why="that of the file in every process; there it depends on the hash seed inside a block of children",
            ),
            Row(
                "device-unnamed",
                "a device without a name, or with an empty one",
                ours=("tests/unit/compile/test_signal.py::test_mistakes_are_said_in_one_line",),
                why="there a read says so, or has an empty key; here every device has a name in the file",
            ),
            Row(
                "device-duplicates",
                "two values of one name in a document",
                ours=("tests/golden/test_golden.py::test_the_text_is_the_expected_one",),
                why="there a read fails, here it is found offline (E405)",
            ),
            Row(
                "device-not-connected",
                "what a read of a device does that was not connected",
                ("a_device_that_was_not_connected",),
            ),
            Row(
                "device-reserved",
                "members may not be named as verbs",
                ours=("tests/golden/test_golden.py::test_the_text_is_the_expected_one",),
                why="there it is found when an attribute is assigned, here offline, with a name to take instead (E406)",
            ),
            Row(
                "device-underscore",
                "a `_` at the end of an attribute is not part of the name in the control system",
                ours=(f"{_CONTRACT}/test_pvi.py::test_members_are_found_at_every_level",),
                why="it shows in PVI structures, whose test servers are ours",
            ),
            Row("device-connect", "`connect(mock, timeout)` of one device, also in a plan", ("connecting_in_a_plan",)),
            Row(
                "device-connect-all",
                "`init_devices` names and connects devices in parallel",
                ours=(
                    f"{_SESSION}/test_loops.py::test_connect_after_a_run_engine",
                    f"{_SESSION}/test_report.py::test_only_the_device_that_waits_takes_the_time_of_the_waiting",
                ),
                why="`load_beamline` and `connect` do that; there is no frame of a caller to look at",
            ),
            Row(
                "device-connect-errors",
                "failures to connect are aggregated in one error, as a tree",
                ours=(f"{_SESSION}/test_report.py::test_each_device_has_its_own_state_and_causes",),
                why="`connect` gives a report of all devices, which raises only when `or_raise` is called",
            ),
            Row(
                "device-set-name",
                "`set_name` and assigning attributes change names and members at run time",
                not_met="names and members are those of the file; `fill: true` adds what a server declares",
            ),
            Row(
                "device-fillers",
                "`DeviceConnector`, `DeviceFiller` and annotations fill classes",
                not_met="types in YAML, with params, repeats, optional members and `fill: true`",
            ),
        ),
    ),
    Section(
        "Signals",
        (
            Row("signal-verbs", "`read`, `get_value`, `set`, `locate`, `source`", ("a_signal",)),
            Row(
                "signal-protocols",
                "the protocols of bluesky that signals, commands, devices satisfy",
                ("protocols_of_nodes",),
            ),
            Row("signal-caching", "a value is cached while the signal is staged or subscribed to", ("caching",)),
            Row(
                "signal-subscribe",
                "`subscribe_reading` calls at once and at each update; subscribers share a monitor",
                ("subscribing",),
            ),
            Row(
                "signal-data-keys",
                "`describe`: dtype, shape, dtype_numpy, units, precision, choices of every kind of value",
                ("data_keys_of_every_kind",),
            ),
            Row(
                "signal-values",
                "values of every kind, and puts of them; shapes follow the values",
                ("values_of_every_kind",),
            ),
            Row("signal-strict", "values that do not fit the datatype", ("values_that_do_not_fit",)),
            Row(
                "signal-timeout",
                "a put that takes too long is a `TimeoutError` that names the source",
                ("timeouts_of_a_put",),
            ),
            Row("signal-no-loop", "a verb that is called where no event loop runs", ("a_set_outside_a_loop",)),
            Row(
                "signal-wire",
                "values, severities, data keys, limits and sources of records, over CA and pvAccess",
                beside=(f"{_CONFORMANCE}/test_records.py::test_only_what_the_table_says_differs",),
                differs="a long string is given whole; there it is cut off after 39 bytes unless `$` is written",
            ),
            Row(
                "signal-fresh-shape",
                "`describe` is never cached: the shape of a waveform is that of its value",
                ours=(f"{_CONTRACT}/test_describe.py::test_the_shape_is_that_of_the_value_now",),
                why="on every wire; `signal-values` shows both on soft signals",
            ),
            Row(
                "signal-attempts",
                "`attempts`: a put is tried again",
                ours=(
                    f"{_FAULTS}/test_writes.py::"
                    "test_a_value_that_was_not_taken_is_sent_again_as_often_as_the_file_says",
                ),
                why="`retries` also tries again what the server did not take, which is not compared there",
            ),
            Row(
                "signal-enums",
                "`StrictEnum`, `SubsetEnum`, `SupersetEnum`",
                ours=(
                    "tests/unit/connectors/test_values.py::TestLabels::test_exact",
                    "tests/unit/connectors/test_values.py::TestLabels::test_subset",
                    "tests/unit/connectors/test_values.py::TestLabels::test_superset",
                ),
                why="`match: exact`, `subset`, `superset`; [EPICS types](epics_types) has labels on the wire",
            ),
            Row(
                "signal-backends",
                "a `SignalBackend` makes signals on anything",
                ours=("tests/contract/test_connect.py::test_what_is_declared_right_connects",),
                why="here it is a connector, with bulk requests, which every test of `tests/contract` is run on",
            ),
            Row("signal-bool-arrays", "`Array1D[bool]`", not_met="`dtype: uint8`"),
            Row(
                "signal-table-class",
                "`Table` is a class with rows, `+` and `numpy_table()`",
                not_met="a table is a mapping of columns, with names and dtypes from the file",
            ),
        ),
    ),
    Section(
        "Soft and derived signals",
        (
            Row(
                "derived-signals",
                "`derived_signal_r` and `_rw`: value, set, locate, timestamps, subscriptions",
                ("derived_signals",),
            ),
            Row("derived-documents", "documents of derived signals", ("documents_of_derived_signals",)),
            Row(
                "derived-movables",
                "inputs may be devices that can be located",
                ours=("tests/unit/logic/test_derived.py::test_its_setpoint_is_computed_from_setpoints",),
                why="the same formula in both; what is added is that all targets are checked before one moves",
            ),
            Row(
                "derived-many",
                "`DerivedSignalFactory`: several values from several, set together",
                ours=(f"{_CONTRACT}/test_slit.py::test_of_gap_and_centre_that_are_set_at_once_none_is_lost",),
                why="`logic: coupled` sets axes that share motors in turn, which has no counterpart (decision 0026)",
            ),
            Row(
                "derived-functions",
                "derived signals are functions of Python",
                not_met="formulas, which are checked offline; what they cannot say is a plugin",
            ),
            Row(
                "soft-setter",
                "`soft_signal_r_and_setter`",
                ours=(f"{_DEVICES}/test_mock.py::test_soft_signals_take_the_same_helpers_without_mock_mode",),
                why="the setter is `set_mock_value`, which soft signals take at any time",
            ),
            Row(
                "soft-callables",
                "`soft_signal_rw(getter=, setter=, poll_period=)`: functions of Python behind a signal",
                not_met="a plugin: a connector, or logic",
            ),
        ),
    ),
    Section(
        "Commands",
        (
            Row("command-trigger", "`trigger` and `execute` of a command without arguments", ("commands",)),
            Row(
                "command-typed",
                "typed arguments and results",
                ours=(f"{_CONTRACT}/test_tango_commands.py::test_what_is_sent_comes_back",),
                why="here only Tango has them, and every type of its server is tried",
            ),
            Row(
                "command-soft",
                "`soft_command`: a function of Python as a command",
                not_met="a plugin: a connector, or logic",
            ),
        ),
    ),
    Section(
        "Readable devices",
        (
            Row(
                "readable-documents",
                "`StandardReadable`: formats of children, `read`, `describe`, configuration, hints",
                ("documents_of_a_readable",),
            ),
            Row(
                "readable-staged",
                "staged devices read held values; uncached ones and configuration are always fresh",
                ("staged_devices_read_what_they_hold",),
            ),
        ),
    ),
    Section(
        "Movable devices",
        (
            Row("movable-documents", "`read`, `describe`, `locate`, hints of a movable", ("documents_of_a_movable",)),
            Row(
                "movable-progress",
                "a set tells watchers where it is, with unit and precision",
                ("a_move_with_watchers",),
            ),
            Row("movable-stop", "`stop(success)` ends a set as asked", ("a_move_that_is_stopped",)),
            Row(
                "movable-timeout",
                "a set that takes too long is a `TimeoutError` with the last value",
                ("a_move_that_takes_too_long",),
            ),
            Row(
                "movable-no-timeout",
                "`set(timeout=None)` waits without limit; `CALCULATE_TIMEOUT` is the default",
                not_met="`timeout=None` is the default: the time that the file gives; a number is taken as it is",
            ),
            Row("movable-twice", "a set while another set is under way", ("a_set_while_another_set_moves_it",)),
            Row(
                "movable-check",
                "`check_value`, and a set that is refused before anything moves",
                ("a_target_outside_the_limits",),
            ),
            Row(
                "movable-near",
                "when a readback counts as being at its target",
                ("a_readback_that_ends_near_the_target",),
            ),
            Row("movable-cancel", "cancelling who awaits a set cancels it", ("a_move_whose_status_is_cancelled",)),
            Row(
                "movable-subscribe",
                "subscribing to a movable is subscribing to its readback",
                ("subscribing_to_a_movable",),
            ),
            Row(
                "movable-time",
                "`calculate_timeout`: the longest time of a move from distance and speed",
                ours=(
                    f"{_CONTRACT}/test_motor.py::test_the_time_of_a_move_comes_from_distance_velocity_and_acceleration",
                ),
                why="there it is code of each device; here `velocity` and `acceleration_time` of its logic",
            ),
            Row(
                "movable-logic",
                "`MovableLogic`: how a device moves is an object beside it",
                ours=(
                    f"{_CONTRACT}/test_several_logics.py::test_each_instance_has_its_logic_and_one_box_is_connected_once",
                ),
                why="a plugin, which a file names under `logic`; it is another class",
            ),
        ),
    ),
    Section(
        "Statuses",
        (
            Row(
                "status",
                "`AsyncStatus`: awaited, done, success, exception, result, callbacks, the end of a block",
                ("statuses",),
            ),
            Row("status-watch", "`WatchableAsyncStatus` tells each watcher, late ones at once", ("watched_statuses",)),
            Row(
                "status-wrap",
                "`AsyncStatus.wrap`, `WatchableAsyncStatus.wrap`, `completed_status` make statuses of methods",
                not_met="logic is coroutines and generators; roles make statuses of them",
            ),
        ),
    ),
    Section(
        "Helpers",
        (
            Row("observe-value", "`observe_value`: the current value, then every update", ("observing_a_value",)),
            Row("observe-signals", "`observe_signals_value`", ("observing_several",)),
            Row(
                "observe-times",
                "`timeout` and `done_timeout` are errors that tell signal and last value",
                ("times_of_observing",),
            ),
            Row("observe-done", "`done_status` ends it; its failure is raised", ("a_status_that_ends_observing",)),
            Row(
                "observe-end",
                "nothing is left behind by `break`, a cancel or a time-out",
                ("what_observing_leaves_behind",),
            ),
            Row(
                "observe-loss",
                "a connection that breaks while a value is observed",
                beside=(
                    f"{_CONFORMANCE}/test_observing_loss.py::test_a_server_that_is_killed_while_a_value_is_observed",
                ),
                differs="it is an error that names the signal; there nothing is told, and the loop goes on",
            ),
            Row("wait-for-value", "`wait_for_value`: a value or a function", ("waiting_for_a_value",)),
            Row("set-and-wait", "`set_and_wait_for_value`, `set_and_wait_for_other_value`", ("setting_and_waiting",)),
        ),
    ),
    Section(
        "Mock mode",
        (
            Row(
                "mock-mode",
                "`connect(mock=True)`: no control system, sources `mock+…`, moves arrive at once",
                ("mock_mode",),
            ),
            Row(
                "mock-values",
                "`set_mock_value`, `set_mock_values`, `set_mock_units`, `set_mock_precision`",
                ("mock_values",),
            ),
            Row("mock-puts", "`get_mock`, `get_mock_put`, `callback_on_mock_put`", ("mock_puts",)),
            Row("mock-blocked", "`mock_puts_blocked`, `set_mock_put_proceeds`", ("mock_puts_that_are_held",)),
            Row("mock-failures", "a callback that raises", ("mock_puts_that_fail",)),
            Row("mock-execute", "`get_mock_execute`, `callback_on_mock_execute`", ("mock_executions",)),
            Row("mock-outside", "the helpers outside mock mode", ("mock_helpers_outside_mock_mode",)),
            Row(
                "mock-classes",
                "`DeviceMock`, `default_mock_class`: behaviour of a class in mock mode",
                not_met="logic knows mock mode itself; a test adds to it with `callback_on_mock_put`",
            ),
            Row(
                "mock-attributes",
                "`set_mock_attr` puts a mock in the place of a verb",
                not_met="`get_mock` tells what was put and executed; the verbs themselves are what is tested",
            ),
        ),
    ),
    Section(
        "Plans",
        (
            Row("plan-count", "documents of `count`", ("count",)),
            Row("plan-count-signals", "bare signals as detectors", ("count_a_signal",)),
            Row("plan-scan", "documents of `scan`", ("scan",)),
            Row("plan-rel-scan", "documents of `rel_scan`", ("rel_scan",)),
            Row("plan-grid-scan", "documents of `grid_scan`, with snakes", ("grid_scan",)),
            Row("plan-list-scan", "documents of `list_scan`", ("list_scan",)),
            Row("plan-scan-signal", "a bare signal as motor", ("scan_a_signal",)),
            Row("plan-scan-derived", "a derived signal as motor", ("scan_a_derived_signal",)),
            Row("plan-baseline", "devices in the baseline", ("baseline",)),
            Row("plan-monitor", "a monitored signal has a stream of its own", ("monitor",)),
            Row("plan-stubs", "`mv`, `rd`, `locate`, `stage` and what they return", ("plan_results",)),
            Row("plan-failure", "a set that fails ends the plan and its run", ("a_failure_ends_a_plan",)),
            Row(
                "plan-tutorial",
                "the grid scan of the tutorial, with triggered detectors",
                beside=(
                    f"{_CONFORMANCE}/test_using_devices.py::test_the_grid_scan_gives_the_rows_that_ophyd_async_gives",
                ),
            ),
            Row(
                "plan-mixed",
                "devices of ophyd, ophyd-async and this package in one scan",
                beside=(f"{_CONFORMANCE}/test_hosted.py::test_three_libraries_in_one_scan_in_any_order",),
            ),
        ),
    ),
    Section(
        "Settings",
        (
            Row("settings-restore", "values are stored in YAML and applied again where they differ", ("settings",)),
            Row(
                "settings-names",
                "`Settings`, `YamlSettingsProvider` and plan stubs to get, store, retrieve and apply them",
                not_met="`plans.save_settings`, `plans.restore_settings` and `ophyd-decl settings` (decision 0022)",
            ),
        ),
    ),
    Section(
        "Logging and commands",
        (
            Row("logging-config", "`config_ophyd_async_logging`", not_met="`logging` of Python, under `ophyd_decl`"),
            Row(
                "environment",
                "environment variables: keep all CA updates, allow reserved names",
                ours=(f"{_CONTRACT}/test_observing.py::test_every_update_is_given_once_in_order",),
                why="every update is kept for who observes, and reserved names have no opt-out",
            ),
            Row(
                "command-line",
                "`--version`",
                ours=("tests/unit/cli/test_commands.py::test_the_examples_run",),
                why="there is no other command there",
            ),
        ),
    ),
    Section(
        "Detectors and flyers",
        (
            Row(
                "fly-motor",
                "`FlyMotorInfo` and a motor that flies",
                ours=(f"{_CONTRACT}/test_motor_fly.py::test_a_flight_runs_up_flies_and_runs_down",),
                why="the flight is compared with what the record of a server did, which is ours",
            ),
            Row("detector", "`StandardDetector`, `TriggerInfo`, trigger, acquire and data logic", later=_FLYSCANS),
            Row(
                "detector-lifecycle",
                "stage, prepare, trigger, kickoff, complete and the documents of files",
                later=_FLYSCANS,
            ),
            Row("data-providers", "data providers: readables, stream resources and stream datums", later=_FLYSCANS),
            Row("path-providers", "path and file name providers", later=_FLYSCANS),
            Row("flyable", "`StandardFlyable`, `FlyableLogic`", later=_FLYSCANS),
            Row("detector-state", "`OPHYD_ASYNC_PRESERVE_DETECTOR_STATE`", later=_FLYSCANS),
        ),
    ),
)
ROWS = tuple(row for section in SECTIONS for row in section.rows)
