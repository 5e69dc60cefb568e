"""The C interface as the headers declare it: constants, structs, functions. Written by generate.py, not by hand."""

from __future__ import annotations

import enum
from ctypes import (CDLL, CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32,
                    c_uint64, c_void_p, sizeof)
from typing import Any, Callable, Optional

DRIVER_ABI = 1
VERSION_STRING = "0.1.0"
VERSION = 1000


class ArchiveEvent(enum.IntEnum):
    """``enum cascade_archive_event``"""

    LINES = 0
    FLUSH = 1
    KEEP = 2
    DROP = 3


class BlockerKind(enum.IntEnum):
    """``enum cascade_blocker_kind``"""

    BLOCKING = 1
    CASCADING = 2
    UPDATING = 3
    LEFT_ALONE = 4


class CountMode(enum.IntEnum):
    """``enum cascade_count_mode``"""

    NONE = 0
    CAPPED = 1
    ESTIMATED = 2
    EXACT = 3


class TokenKind(enum.IntEnum):
    """``enum cascade_token_kind``"""

    REST = 0
    NEXT = 1
    PREVIOUS = 2
    DOWN = 3


class BlockersCut(enum.IntFlag):
    """``enum cascade_blockers_cut``"""

    DEPTH = 1
    FOLLOWED = 2
    ROWS = 4
    TIME = 8


class BlockersProfile(enum.IntEnum):
    """``enum cascade_blockers_profile``"""

    NATIVE = 1
    SPECIFY = 2


class ProbeAnswer(enum.IntEnum):
    """``enum cascade_probe_answer``"""

    DELETABLE = 1
    BLOCKED = 2
    UNKNOWN = 3


class Status(enum.IntEnum):
    """``enum cascade_status_code``"""

    OK = 0
    DONE = 1
    NOMEM = -1
    INVALID = -2
    NOT_FOUND = -3
    UNSUPPORTED = -4
    CANCELLED = -5
    POLICY = -6
    FORMAT = -7
    OPTIONS = -8
    CONNECTION = -20
    BUSY = -21
    DEADLOCK = -22
    SERIALIZATION = -23
    TIMEOUT = -24
    READONLY = -25
    PRIVILEGE = -26
    SCHEMA = -27
    CONSTRAINT_FK = -28
    CONSTRAINT = -29
    DATABASE = -30
    BLOCKED = -40
    NO_FILTER = -41
    UNENFORCED = -42
    NO_KEY = -43
    CYCLE = -44
    ENGINE = -45
    MAX_ROWS = -46
    PLAN_CHANGED = -47
    NOT_ATOMIC = -48
    CONTENDED = -49
    NO_PROGRESS = -50
    HOOK = -51
    TRIGGERS = -52
    LEASE = -53
    THROTTLED = -54
    ARCHIVE = -55
    TOKEN_FORGED = -60
    TOKEN_FOREIGN = -61
    TOKEN_STALE = -62
    TOKEN_EXPIRED = -63


class ValueType(enum.IntEnum):
    """``enum cascade_value_type``"""

    NULL = 0
    INT64 = 1
    UINT64 = 2
    DOUBLE = 3
    TEXT = 4
    BLOB = 5
    DECIMAL = 6
    ANY = 7
    INT64_ARRAY = 8


class Accuracy(enum.IntEnum):
    """``enum cascade_accuracy``"""

    EXACT = 0
    AT_LEAST = 1
    ESTIMATED = 2


class LogLevel(enum.IntEnum):
    """``enum cascade_log_level``"""

    NONE = 0
    WARNING = 1
    INFO = 2
    DEBUG = 3


class Capability(enum.IntFlag):
    """``enum cascade_capability``"""

    CAN_LOCK_ROWS = 1
    CAN_LOCK_CLUSTER = 2
    CAN_SKIP_LOCKED = 4
    CAN_SAVEPOINT = 8
    CAN_DEFER = 16
    CAN_DELETE_LIMIT = 32
    COMMIT_MAY_CONFLICT = 64
    CAN_CANCEL = 128
    TEXT_ROWS = 256
    COMMITS_ALONE = 512
    READS_COMMITTED = 1024


class TransactionState(enum.IntEnum):
    """``enum cascade_transaction_state``"""

    NONE = 0
    OPEN = 1
    ROLLED_BACK = 2
    UNKNOWN = 3


class FillMode(enum.IntEnum):
    """``enum cascade_fill_mode``"""

    INSERT = 0
    UPDATE = 1
    MERGE = 2


class Action(enum.IntEnum):
    """``enum cascade_action``"""

    NO_ACTION = 0
    RESTRICT = 1
    CASCADE = 2
    SET_NULL = 3
    SET_DEFAULT = 4


class TableKind(enum.IntEnum):
    """``enum cascade_table_kind``"""

    ORDINARY = 0
    VIEW = 1
    VIRTUAL = 2
    MISSING = 3
    PARTITION = 4


class TableFlag(enum.IntFlag):
    """``enum cascade_table_flag``"""

    WITHOUT_ROWID = 1
    DELETE_TRIGGER = 2
    UPDATE_TRIGGER = 4
    IN_CYCLE = 8
    PARTITIONED = 16
    INHERITED = 32
    PARTITION_KEYS = 64
    ROW_SECURITY = 128
    NO_SELECT = 256
    NO_DELETE = 512
    NO_UPDATE = 1024
    NOT_TRANSACTIONAL = 2048


class ColumnFlag(enum.IntFlag):
    """``enum cascade_column_flag``"""

    NOT_NULL = 1
    GENERATED = 2


class RelationFlag(enum.IntFlag):
    """``enum cascade_relation_flag``"""

    NULLABLE = 1
    INDEXED = 2
    DEFERRABLE = 4
    INITIALLY_DEFERRED = 8
    TO_PRIMARY = 16
    TO_UNIQUE = 32
    SELF = 64
    IN_CYCLE = 128
    DECLARED = 256
    UNRESOLVED = 512
    TO_MANY = 1024
    MATCH_FULL = 2048
    NOT_VALIDATED = 4096


class Hidden(enum.IntFlag):
    """``enum cascade_hidden``"""

    RELATIONS = 1
    TRIGGERS = 2


class StepKind(enum.IntEnum):
    """``enum cascade_step_kind``"""

    DELETE = 1
    UPDATE = 2
    CHECK = 3


class StepWarning(enum.IntFlag):
    """``enum cascade_step_warning``"""

    NO_INDEX = 1
    TRIGGERS = 2
    CYCLE = 4
    NOT_NULL = 8
    REWRITES_KEY = 16


class Rule(enum.IntEnum):
    """``enum cascade_rule``"""

    DEFAULT = 0
    CASCADE = 1
    PROTECT = 2
    RESTRICT = 3
    SET_NULL = 4
    SET_DEFAULT = 5
    SET_VALUE = 6
    IGNORE = 7
    DETACH = 8


class Integrity(enum.IntEnum):
    """``enum cascade_integrity``"""

    CHECKED = 0
    PROVEN = 1


class Allow(enum.IntFlag):
    """``enum cascade_allow``"""

    NO_FILTER = 1
    UNENFORCED = 2
    HIDDEN = 4


class PauseReason(enum.IntEnum):
    """``enum cascade_pause_reason``"""

    OVER = 0
    SLEEP = 1
    HOST = 2
    FILE = 3
    LAG = 4
    FLOW = 5
    LOAD = 6
    VACUUM = 7


#: By the name in C.
ENUMS: dict[str, type[enum.IntEnum] | type[enum.IntFlag]] = {
    "cascade_archive_event": ArchiveEvent,
    "cascade_blocker_kind": BlockerKind,
    "cascade_count_mode": CountMode,
    "cascade_token_kind": TokenKind,
    "cascade_blockers_cut": BlockersCut,
    "cascade_blockers_profile": BlockersProfile,
    "cascade_probe_answer": ProbeAnswer,
    "cascade_status_code": Status,
    "cascade_value_type": ValueType,
    "cascade_accuracy": Accuracy,
    "cascade_log_level": LogLevel,
    "cascade_capability": Capability,
    "cascade_transaction_state": TransactionState,
    "cascade_fill_mode": FillMode,
    "cascade_action": Action,
    "cascade_table_kind": TableKind,
    "cascade_table_flag": TableFlag,
    "cascade_column_flag": ColumnFlag,
    "cascade_relation_flag": RelationFlag,
    "cascade_hidden": Hidden,
    "cascade_step_kind": StepKind,
    "cascade_step_warning": StepWarning,
    "cascade_rule": Rule,
    "cascade_integrity": Integrity,
    "cascade_allow": Allow,
    "cascade_pause_reason": PauseReason,
}


class cascade_archive(Structure):
    pass


class cascade_context(Structure):
    pass


class cascade_error(Structure):
    pass


class cascade_connection(Structure):
    pass


class cascade_graph(Structure):
    pass


class cascade_policy(Structure):
    pass


class cascade_selection(Structure):
    pass


class cascade_plan(Structure):
    pass


class cascade_blockers(Structure):
    pass


class cascade_purge(Structure):
    pass


class cascade_fill(Structure):
    pass


class cascade_worker(Structure):
    pass


class cascade_throttle(Structure):
    pass


class _Sized(Structure):
    """A struct that tells its own size, so that libraries of other versions know how far it reaches."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.size = sizeof(type(self))
        for name, given in fields.items():
            if given and isinstance(given, int) and getattr(self, name) != given:  # which ctypes cuts without a word
                raise OverflowError(f"{name} cannot be {given}")


def _whole(kind: Any, lowest: int) -> Any:
    """The type of an integer that is an argument; one that does not fit is refused."""
    highest = lowest + (1 << 8 * sizeof(kind)) - 1

    class Whole(kind):  # type: ignore[misc]
        @classmethod
        def from_param(cls, given: Any) -> Any:
            if isinstance(given, int) and not lowest <= given <= highest:
                raise OverflowError(f"{given} is not from {lowest} to {highest}")
            return kind.from_param(given)

    return Whole


_INT64, _UINT32, _UINT64 = _whole(c_int64, -1 << 63), _whole(c_uint32, 0), _whole(c_uint64, 0)


cascade_archive_write = CFUNCTYPE(c_int32, c_void_p, c_int32, c_char_p, c_uint64)


cascade_throttle_ask = CFUNCTYPE(c_int64, c_void_p, c_uint64)


class cascade_archive_options(_Sized):
    size: int
    file: Optional[bytes]
    write: Any
    user_data: Optional[int]
    suffix: Optional[bytes]
    schema: Optional[bytes]
    _fields_ = [("size", c_size_t), ("file", c_char_p), ("write", cascade_archive_write), ("user_data", c_void_p),
        ("suffix", c_char_p), ("schema", c_char_p)]


class cascade_archive_report(_Sized):
    size: int
    rows: int
    bytes: int
    cut: int
    _fields_ = [("size", c_size_t), ("rows", c_uint64), ("bytes", c_uint64), ("cut", c_uint64)]


class cascade_blockers_total(_Sized):
    size: int
    relations: int
    references: int
    accuracy: int
    reserved: int
    _fields_ = [("size", c_size_t), ("relations", c_uint64), ("references", c_uint64), ("accuracy", c_int32),
        ("reserved", c_int32)]


class cascade_value(Structure):
    type: int
    reserved: int
    integer: int
    real: float
    data: Optional[int]
    length: int
    _fields_ = [("type", c_int32), ("reserved", c_int32), ("integer", c_int64), ("real", c_double), ("data", c_void_p),
        ("length", c_uint64)]


class cascade_keys(_Sized):
    size: int
    count: int
    column_count: int
    reserved: int
    columns: Any
    integers: Any
    cells: Any
    _fields_ = [("size", c_size_t), ("count", c_uint64), ("column_count", c_uint32), ("reserved", c_uint32),
        ("columns", POINTER(c_char_p)), ("integers", POINTER(c_int64)), ("cells", POINTER(cascade_value))]


class cascade_connection_options(_Sized):
    size: int
    lock_timeout_ms: int
    reserved: int
    _fields_ = [("size", c_size_t), ("lock_timeout_ms", c_uint32), ("reserved", c_uint32)]


cascade_context_options_allocate = CFUNCTYPE(c_void_p, c_void_p, c_size_t)


cascade_context_options_reallocate = CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t)


cascade_context_options_release = CFUNCTYPE(None, c_void_p, c_void_p)


cascade_context_options_log = CFUNCTYPE(None, c_void_p, c_int32, c_char_p)


class cascade_context_options(_Sized):
    size: int
    allocate: Any
    reallocate: Any
    release: Any
    allocator_data: Optional[int]
    log: Any
    log_data: Optional[int]
    log_level: int
    reserved: int
    _fields_ = [("size", c_size_t), ("allocate", cascade_context_options_allocate),
        ("reallocate", cascade_context_options_reallocate), ("release", cascade_context_options_release),
        ("allocator_data", c_void_p), ("log", cascade_context_options_log), ("log_data", c_void_p), ("log_level", c_int32),
        ("reserved", c_int32)]


class cascade_capabilities(_Sized):
    size: int
    engine: Optional[bytes]
    version: Optional[bytes]
    flags: int
    max_tx_bytes: int
    max_parameters: int
    reserved: int
    _fields_ = [("size", c_size_t), ("engine", c_char_p), ("version", c_char_p), ("flags", c_uint64),
        ("max_tx_bytes", c_uint64), ("max_parameters", c_uint32), ("reserved", c_uint32)]


class cascade_statement(_Sized):
    size: int
    sql: Optional[bytes]
    sql_length: int
    parameters: Any
    parameter_count: int
    column_count: int
    column_types: Any
    _fields_ = [("size", c_size_t), ("sql", c_char_p), ("sql_length", c_uint64), ("parameters", POINTER(cascade_value)),
        ("parameter_count", c_uint32), ("column_count", c_uint32), ("column_types", POINTER(c_int32))]


class cascade_rows(_Sized):
    size: int
    count: int
    integers: Any
    cells: Any
    _fields_ = [("size", c_size_t), ("count", c_uint64), ("integers", POINTER(c_int64)), ("cells", POINTER(cascade_value))]


cascade_driver_open = CFUNCTYPE(c_int32, POINTER(cascade_context), c_char_p, c_uint32, POINTER(c_void_p),
    POINTER(POINTER(cascade_error)))


cascade_driver_adopt = CFUNCTYPE(c_int32, POINTER(cascade_context), c_void_p, POINTER(c_void_p),
    POINTER(POINTER(cascade_error)))


cascade_driver_close = CFUNCTYPE(None, c_void_p)


cascade_driver_capabilities = CFUNCTYPE(c_int32, c_void_p, POINTER(cascade_capabilities), POINTER(POINTER(cascade_error)))


cascade_driver_execute = CFUNCTYPE(c_int32, c_void_p, POINTER(cascade_statement), POINTER(c_uint64),
    POINTER(POINTER(cascade_error)))


cascade_driver_query = CFUNCTYPE(c_int32, c_void_p, POINTER(cascade_statement), POINTER(c_void_p),
    POINTER(POINTER(cascade_error)))


cascade_driver_next = CFUNCTYPE(c_int32, c_void_p, c_void_p, POINTER(POINTER(cascade_value)), POINTER(POINTER(cascade_error)))


cascade_driver_cursor_close = CFUNCTYPE(None, c_void_p, c_void_p)


cascade_driver_cancel = CFUNCTYPE(None, c_void_p)


cascade_driver_in_transaction = CFUNCTYPE(c_int32, c_void_p)


cascade_driver_fetch = CFUNCTYPE(c_int32, c_void_p, c_void_p, c_uint32, POINTER(cascade_rows),
    POINTER(POINTER(cascade_error)))


class cascade_driver(_Sized):
    size: int
    abi_version: int
    reserved: int
    name: Optional[bytes]
    open: Any
    adopt: Any
    close: Any
    capabilities: Any
    execute: Any
    query: Any
    next: Any
    cursor_close: Any
    cancel: Any
    in_transaction: Any
    fetch: Any
    _fields_ = [("size", c_size_t), ("abi_version", c_uint32), ("reserved", c_uint32), ("name", c_char_p),
        ("open", cascade_driver_open), ("adopt", cascade_driver_adopt), ("close", cascade_driver_close),
        ("capabilities", cascade_driver_capabilities), ("execute", cascade_driver_execute), ("query", cascade_driver_query),
        ("next", cascade_driver_next), ("cursor_close", cascade_driver_cursor_close), ("cancel", cascade_driver_cancel),
        ("in_transaction", cascade_driver_in_transaction), ("fetch", cascade_driver_fetch)]


class cascade_error_details(_Sized):
    size: int
    status: int
    transaction: int
    native_code: int
    sqlstate: Optional[bytes]
    message: Optional[bytes]
    _fields_ = [("size", c_size_t), ("status", c_int32), ("transaction", c_int32), ("native_code", c_int64),
        ("sqlstate", c_char_p), ("message", c_char_p)]


class cascade_fill_target(_Sized):
    size: int
    table: Optional[bytes]
    columns: Any
    key: Any
    range: Optional[bytes]
    column_count: int
    key_count: int
    _fields_ = [("size", c_size_t), ("table", c_char_p), ("columns", POINTER(c_char_p)), ("key", POINTER(c_char_p)),
        ("range", c_char_p), ("column_count", c_uint32), ("key_count", c_uint32)]


class cascade_fill_options(_Sized):
    size: int
    mode: int
    allow: int
    dry_run: int
    batch_ms: int
    max_tx_rows: int
    time_budget_ms: int
    reserved: int
    row_budget: int
    token: Optional[bytes]
    checkpoint_table: Optional[bytes]
    job: Optional[bytes]
    throttle: Any
    _fields_ = [("size", c_size_t), ("mode", c_int32), ("allow", c_uint32), ("dry_run", c_int32), ("batch_ms", c_uint32),
        ("max_tx_rows", c_uint64), ("time_budget_ms", c_uint32), ("reserved", c_uint32), ("row_budget", c_uint64),
        ("token", c_char_p), ("checkpoint_table", c_char_p), ("job", c_char_p), ("throttle", POINTER(cascade_throttle))]


class cascade_fill_range(_Sized):
    size: int
    number: int
    after: int
    upto: int
    rows: int
    inserted: int
    updated: int
    skipped: int
    total_inserted: int
    total_updated: int
    total_skipped: int
    nanoseconds: int
    retries: int
    permille: int
    after_key: Any
    upto_key: Any
    _fields_ = [("size", c_size_t), ("number", c_uint64), ("after", c_int64), ("upto", c_int64), ("rows", c_uint64),
        ("inserted", c_uint64), ("updated", c_uint64), ("skipped", c_uint64), ("total_inserted", c_uint64),
        ("total_updated", c_uint64), ("total_skipped", c_uint64), ("nanoseconds", c_uint64), ("retries", c_uint32),
        ("permille", c_int32), ("after_key", POINTER(cascade_value)), ("upto_key", POINTER(cascade_value))]


class cascade_fill_report(_Sized):
    size: int
    finished: int
    permille: int
    ranges: int
    inserted: int
    updated: int
    skipped: int
    retries: int
    longest_ns: int
    _fields_ = [("size", c_size_t), ("finished", c_int32), ("permille", c_int32), ("ranges", c_uint64),
        ("inserted", c_uint64), ("updated", c_uint64), ("skipped", c_uint64), ("retries", c_uint64), ("longest_ns", c_uint64)]


class cascade_table_info(_Sized):
    size: int
    schema: Optional[bytes]
    name: Optional[bytes]
    label: Optional[bytes]
    kind: int
    flags: int
    column_count: int
    key_count: int
    key: Any
    row_estimate: int
    component: int
    component_size: int
    part_of: Optional[bytes]
    _fields_ = [("size", c_size_t), ("schema", c_char_p), ("name", c_char_p), ("label", c_char_p), ("kind", c_int32),
        ("flags", c_uint32), ("column_count", c_uint32), ("key_count", c_uint32), ("key", POINTER(c_char_p)),
        ("row_estimate", c_int64), ("component", c_uint32), ("component_size", c_uint32), ("part_of", c_char_p)]


class cascade_column_info(_Sized):
    size: int
    name: Optional[bytes]
    type: Optional[bytes]
    default_sql: Optional[bytes]
    flags: int
    reserved: int
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("type", c_char_p), ("default_sql", c_char_p), ("flags", c_uint32),
        ("reserved", c_uint32)]


class cascade_relation_info(_Sized):
    size: int
    name: Optional[bytes]
    label: Optional[bytes]
    table: int
    ref_table: int
    column_count: int
    flags: int
    columns: Any
    ref_columns: Any
    on_delete: int
    on_update: int
    rule: int
    reserved: int
    index: Optional[bytes]
    set_columns: Any
    set_column_count: int
    reserved2: int
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("label", c_char_p), ("table", c_uint32), ("ref_table", c_uint32),
        ("column_count", c_uint32), ("flags", c_uint32), ("columns", POINTER(c_char_p)), ("ref_columns", POINTER(c_char_p)),
        ("on_delete", c_int32), ("on_update", c_int32), ("rule", c_int32), ("reserved", c_int32), ("index", c_char_p),
        ("set_columns", POINTER(c_char_p)), ("set_column_count", c_uint32), ("reserved2", c_uint32)]


class cascade_graph_options(_Sized):
    size: int
    _fields_ = [("size", c_size_t)]


class cascade_outbox_options(_Sized):
    size: int
    limit: int
    lease_ms: int
    _fields_ = [("size", c_size_t), ("limit", c_uint32), ("lease_ms", c_uint32)]


class cascade_audit_options(_Sized):
    size: int
    after: int
    limit: int
    reserved: int
    _fields_ = [("size", c_size_t), ("after", c_int64), ("limit", c_uint32), ("reserved", c_uint32)]


class cascade_step_info(_Sized):
    size: int
    kind: int
    table: int
    relation: int
    rule: int
    rows: int
    accuracy: int
    warnings: int
    index: Optional[bytes]
    sql: Optional[bytes]
    way: Optional[bytes]
    _fields_ = [("size", c_size_t), ("kind", c_int32), ("table", c_uint32), ("relation", c_int32), ("rule", c_int32),
        ("rows", c_uint64), ("accuracy", c_int32), ("warnings", c_uint32), ("index", c_char_p), ("sql", c_char_p),
        ("way", c_char_p)]


class cascade_plan_info(_Sized):
    size: int
    step_count: int
    table: int
    roots: int
    deleted: int
    updated: int
    blocking: int
    accuracy: int
    blocked: int
    fingerprint: Optional[bytes]
    _fields_ = [("size", c_size_t), ("step_count", c_uint32), ("table", c_uint32), ("roots", c_uint64), ("deleted", c_uint64),
        ("updated", c_uint64), ("blocking", c_uint64), ("accuracy", c_int32), ("blocked", c_int32), ("fingerprint", c_char_p)]


class cascade_plan_options(_Sized):
    size: int
    max_rows: int
    _fields_ = [("size", c_size_t), ("max_rows", c_uint64)]


class cascade_policy_entry(_Sized):
    size: int
    table: Optional[bytes]
    columns: Any
    column_count: int
    ref_column_count: int
    ref_table: Optional[bytes]
    ref_columns: Any
    rule: int
    value_count: int
    values: Any
    where: Optional[bytes]
    _fields_ = [("size", c_size_t), ("table", c_char_p), ("columns", POINTER(c_char_p)), ("column_count", c_uint32),
        ("ref_column_count", c_uint32), ("ref_table", c_char_p), ("ref_columns", POINTER(c_char_p)), ("rule", c_int32),
        ("value_count", c_uint32), ("values", POINTER(cascade_value)), ("where", c_char_p)]


class cascade_policy_options(_Sized):
    size: int
    entries: Any
    entry_count: int
    exclude_count: int
    exclude: Any
    _fields_ = [("size", c_size_t), ("entries", POINTER(POINTER(cascade_policy_entry))), ("entry_count", c_uint32),
        ("exclude_count", c_uint32), ("exclude", POINTER(c_char_p))]


class cascade_deleted(_Sized):
    size: int
    table: int
    reserved: int
    label: Optional[bytes]
    keys: Any
    _fields_ = [("size", c_size_t), ("table", c_uint32), ("reserved", c_uint32), ("label", c_char_p),
        ("keys", POINTER(cascade_keys))]


class cascade_batch_info(_Sized):
    size: int
    number: int
    deleted: int
    updated: int
    total_deleted: int
    total_updated: int
    roots_done: int
    roots_expected: int
    nanoseconds: int
    retries: int
    table: int
    _fields_ = [("size", c_size_t), ("number", c_uint64), ("deleted", c_uint64), ("updated", c_uint64),
        ("total_deleted", c_uint64), ("total_updated", c_uint64), ("roots_done", c_uint64), ("roots_expected", c_int64),
        ("nanoseconds", c_uint64), ("retries", c_uint32), ("table", c_uint32)]


class cascade_row_columns(_Sized):
    size: int
    row_count: int
    column_count: int
    reserved: int
    columns: Any
    cells: Any
    _fields_ = [("size", c_size_t), ("row_count", c_uint64), ("column_count", c_uint32), ("reserved", c_uint32),
        ("columns", POINTER(c_char_p)), ("cells", POINTER(cascade_value))]


class cascade_purge_report(_Sized):
    size: int
    finished: int
    table_count: int
    batches: int
    deleted: int
    updated: int
    retries: int
    longest_ns: int
    vetoed: int
    kept: int
    _fields_ = [("size", c_size_t), ("finished", c_int32), ("table_count", c_uint32), ("batches", c_uint64),
        ("deleted", c_uint64), ("updated", c_uint64), ("retries", c_uint64), ("longest_ns", c_uint64), ("vetoed", c_uint64),
        ("kept", c_uint64)]


class cascade_table_report(_Sized):
    size: int
    label: Optional[bytes]
    deleted: int
    updated: int
    table: int
    reserved: int
    vetoed: int
    kept: int
    _fields_ = [("size", c_size_t), ("label", c_char_p), ("deleted", c_uint64), ("updated", c_uint64), ("table", c_uint32),
        ("reserved", c_uint32), ("vetoed", c_uint64), ("kept", c_uint64)]


class cascade_job_options(_Sized):
    size: int
    allow: int
    integrity: int
    max_rows: int
    max_tx_rows: int
    batch_ms: int
    max_attempts: int
    delay_ms: int
    outbox: int
    column_count: int
    column_tables: Any
    columns: Any
    actor: Optional[bytes]
    reason: Optional[bytes]
    _fields_ = [("size", c_size_t), ("allow", c_uint32), ("integrity", c_int32), ("max_rows", c_uint64),
        ("max_tx_rows", c_uint64), ("batch_ms", c_uint32), ("max_attempts", c_uint32), ("delay_ms", c_uint64),
        ("outbox", c_int32), ("column_count", c_uint32), ("column_tables", POINTER(c_char_p)), ("columns", POINTER(c_char_p)),
        ("actor", c_char_p), ("reason", c_char_p)]


class cascade_detach_options(_Sized):
    size: int
    allow: int
    reserved: int
    max_tx_rows: int
    job: Any
    _fields_ = [("size", c_size_t), ("allow", c_uint32), ("reserved", c_uint32), ("max_tx_rows", c_uint64),
        ("job", POINTER(cascade_job_options))]


class cascade_detach_report(_Sized):
    size: int
    deleted: int
    updated: int
    detached: int
    jobs: int
    reserved: int
    job: int
    _fields_ = [("size", c_size_t), ("deleted", c_uint64), ("updated", c_uint64), ("detached", c_uint64), ("jobs", c_uint32),
        ("reserved", c_uint32), ("job", c_int64)]


class cascade_queue_list_options(_Sized):
    size: int
    state: Optional[bytes]
    after: int
    limit: int
    reserved: int
    _fields_ = [("size", c_size_t), ("state", c_char_p), ("after", c_int64), ("limit", c_uint32), ("reserved", c_uint32)]


class cascade_worker_report(_Sized):
    size: int
    job: int
    claimed: int
    done: int
    failed: int
    lost: int
    batches: int
    deleted: int
    updated: int
    kept: int
    paused: int
    reserved: int
    inserted: int
    _fields_ = [("size", c_size_t), ("job", c_int64), ("claimed", c_uint64), ("done", c_uint64), ("failed", c_uint64),
        ("lost", c_uint64), ("batches", c_uint64), ("deleted", c_uint64), ("updated", c_uint64), ("kept", c_uint64),
        ("paused", c_int32), ("reserved", c_int32), ("inserted", c_uint64)]


class cascade_pause(_Sized):
    size: int
    reason: int
    reserved: int
    waited_ms: int
    text: Optional[bytes]
    _fields_ = [("size", c_size_t), ("reason", c_int32), ("reserved", c_uint32), ("waited_ms", c_uint64), ("text", c_char_p)]


class cascade_throttle_report(_Sized):
    size: int
    pauses: int
    sleep_ms: int
    host_ms: int
    file_ms: int
    lag_ms: int
    flow_ms: int
    load_ms: int
    vacuum_ms: int
    lag: int
    load: int
    flow_percent: int
    dead_rows: int
    dead_table: Optional[bytes]
    _fields_ = [("size", c_size_t), ("pauses", c_uint64), ("sleep_ms", c_uint64), ("host_ms", c_uint64),
        ("file_ms", c_uint64), ("lag_ms", c_uint64), ("flow_ms", c_uint64), ("load_ms", c_uint64), ("vacuum_ms", c_uint64),
        ("lag", c_int64), ("load", c_int64), ("flow_percent", c_int64), ("dead_rows", c_int64), ("dead_table", c_char_p)]


cascade_fill_rows = CFUNCTYPE(c_int32, c_void_p, c_uint64, POINTER(POINTER(cascade_value)), POINTER(c_uint64))


cascade_hook = CFUNCTYPE(c_int32, c_void_p, POINTER(cascade_deleted), c_uint32)


cascade_throttle_told = CFUNCTYPE(None, c_void_p, POINTER(cascade_pause))


class cascade_blockers_request(_Sized):
    size: int
    relation: int
    limit: int
    anchor: Any
    anchor_count: int
    backward: int
    offset: int
    _fields_ = [("size", c_size_t), ("relation", c_uint32), ("limit", c_int32), ("anchor", POINTER(cascade_value)),
        ("anchor_count", c_uint32), ("backward", c_int32), ("offset", c_uint64)]


class cascade_blockers_options(_Sized):
    size: int
    limit: int
    rounds: int
    depth: int
    request_count: int
    requests: Any
    max_rows: int
    budget_rows: int
    budget_ms: int
    behind: int
    count: int
    count_cap: int
    token_key: Optional[int]
    token_key_length: int
    token: Optional[bytes]
    token_max_age_s: int
    reserved: int
    _fields_ = [("size", c_size_t), ("limit", c_int32), ("rounds", c_uint32), ("depth", c_uint32),
        ("request_count", c_uint32), ("requests", POINTER(POINTER(cascade_blockers_request))), ("max_rows", c_uint64),
        ("budget_rows", c_uint64), ("budget_ms", c_uint32), ("behind", c_int32), ("count", c_int32), ("count_cap", c_uint32),
        ("token_key", c_void_p), ("token_key_length", c_size_t), ("token", c_char_p), ("token_max_age_s", c_uint32),
        ("reserved", c_uint32)]


class cascade_blockers_page(_Sized):
    size: int
    relation: int
    kind: int
    keys: Any
    first: Any
    last: Any
    anchor_count: int
    complete: int
    partial: int
    depth: int
    path_length: int
    count_accuracy: int
    path: Any
    path_keys: Any
    behind: Any
    behind_relation: int
    reserved: int
    count: int
    _fields_ = [("size", c_size_t), ("relation", c_uint32), ("kind", c_int32), ("keys", POINTER(cascade_keys)),
        ("first", POINTER(cascade_value)), ("last", POINTER(cascade_value)), ("anchor_count", c_uint32),
        ("complete", c_int32), ("partial", c_int32), ("depth", c_uint32), ("path_length", c_uint32),
        ("count_accuracy", c_int32), ("path", POINTER(c_uint32)), ("path_keys", POINTER(cascade_keys)),
        ("behind", POINTER(cascade_keys)), ("behind_relation", c_uint32), ("reserved", c_uint32), ("count", c_uint64)]


class cascade_purge_options(_Sized):
    size: int
    allow: int
    integrity: int
    max_rows: int
    max_tx_rows: int
    batch_ms: int
    statement_timeout_ms: int
    time_budget_ms: int
    column_count: int
    row_budget: int
    plan: Optional[bytes]
    before_batch: Any
    after_batch: Any
    after_commit: Any
    hook_data: Optional[int]
    column_tables: Any
    columns: Any
    throttle: Any
    archive: Any
    actor: Optional[bytes]
    reason: Optional[bytes]
    outbox: int
    reserved: int
    _fields_ = [("size", c_size_t), ("allow", c_uint32), ("integrity", c_int32), ("max_rows", c_uint64),
        ("max_tx_rows", c_uint64), ("batch_ms", c_uint32), ("statement_timeout_ms", c_uint32), ("time_budget_ms", c_uint32),
        ("column_count", c_uint32), ("row_budget", c_uint64), ("plan", c_char_p), ("before_batch", cascade_hook),
        ("after_batch", cascade_hook), ("after_commit", cascade_hook), ("hook_data", c_void_p),
        ("column_tables", POINTER(c_char_p)), ("columns", POINTER(c_char_p)), ("throttle", POINTER(cascade_throttle)),
        ("archive", POINTER(cascade_archive)), ("actor", c_char_p), ("reason", c_char_p), ("outbox", c_int32),
        ("reserved", c_uint32)]


class cascade_worker_options(_Sized):
    size: int
    owner: Optional[bytes]
    lease_ms: int
    turn_ms: int
    throttle: Any
    before_batch: Any
    after_batch: Any
    after_commit: Any
    hook_data: Optional[int]
    column_tables: Any
    columns: Any
    column_count: int
    reserved: int
    archive: Any
    _fields_ = [("size", c_size_t), ("owner", c_char_p), ("lease_ms", c_uint32), ("turn_ms", c_uint32),
        ("throttle", POINTER(cascade_throttle)), ("before_batch", cascade_hook), ("after_batch", cascade_hook),
        ("after_commit", cascade_hook), ("hook_data", c_void_p), ("column_tables", POINTER(c_char_p)),
        ("columns", POINTER(c_char_p)), ("column_count", c_uint32), ("reserved", c_uint32),
        ("archive", POINTER(cascade_archive))]


class cascade_throttle_options(_Sized):
    size: int
    sleep_percent: int
    max_lag_ms: int
    replicas: Any
    replica_count: int
    max_load: int
    max_flow_percent: int
    max_pause_ms: int
    max_dead_rows: int
    pause_file: Optional[bytes]
    ask: Any
    told: Any
    user_data: Optional[int]
    check_ms: int
    reserved: int
    _fields_ = [("size", c_size_t), ("sleep_percent", c_uint32), ("max_lag_ms", c_uint32), ("replicas", POINTER(c_char_p)),
        ("replica_count", c_uint32), ("max_load", c_uint32), ("max_flow_percent", c_uint32), ("max_pause_ms", c_uint32),
        ("max_dead_rows", c_uint64), ("pause_file", c_char_p), ("ask", cascade_throttle_ask), ("told", cascade_throttle_told),
        ("user_data", c_void_p), ("check_ms", c_uint32), ("reserved", c_uint32)]


#: By the name in C.
STRUCTS: dict[str, type[Structure]] = {
    "cascade_archive_options": cascade_archive_options,
    "cascade_archive_report": cascade_archive_report,
    "cascade_blockers_request": cascade_blockers_request,
    "cascade_blockers_options": cascade_blockers_options,
    "cascade_blockers_page": cascade_blockers_page,
    "cascade_blockers_total": cascade_blockers_total,
    "cascade_value": cascade_value,
    "cascade_keys": cascade_keys,
    "cascade_connection_options": cascade_connection_options,
    "cascade_context_options": cascade_context_options,
    "cascade_capabilities": cascade_capabilities,
    "cascade_statement": cascade_statement,
    "cascade_rows": cascade_rows,
    "cascade_driver": cascade_driver,
    "cascade_error_details": cascade_error_details,
    "cascade_fill_target": cascade_fill_target,
    "cascade_fill_options": cascade_fill_options,
    "cascade_fill_range": cascade_fill_range,
    "cascade_fill_report": cascade_fill_report,
    "cascade_table_info": cascade_table_info,
    "cascade_column_info": cascade_column_info,
    "cascade_relation_info": cascade_relation_info,
    "cascade_graph_options": cascade_graph_options,
    "cascade_outbox_options": cascade_outbox_options,
    "cascade_audit_options": cascade_audit_options,
    "cascade_step_info": cascade_step_info,
    "cascade_plan_info": cascade_plan_info,
    "cascade_plan_options": cascade_plan_options,
    "cascade_policy_entry": cascade_policy_entry,
    "cascade_policy_options": cascade_policy_options,
    "cascade_deleted": cascade_deleted,
    "cascade_purge_options": cascade_purge_options,
    "cascade_batch_info": cascade_batch_info,
    "cascade_row_columns": cascade_row_columns,
    "cascade_purge_report": cascade_purge_report,
    "cascade_table_report": cascade_table_report,
    "cascade_job_options": cascade_job_options,
    "cascade_detach_options": cascade_detach_options,
    "cascade_detach_report": cascade_detach_report,
    "cascade_queue_list_options": cascade_queue_list_options,
    "cascade_worker_options": cascade_worker_options,
    "cascade_worker_report": cascade_worker_report,
    "cascade_pause": cascade_pause,
    "cascade_throttle_options": cascade_throttle_options,
    "cascade_throttle_report": cascade_throttle_report,
}


class Functions:
    """The functions of a loaded library, with their types. `check` is called with what each fallible one returned."""

    cascade_archive_new: Callable[..., Any]
    cascade_archive_ddl: Callable[..., Any]
    cascade_archive_install: Callable[..., Any]
    cascade_archive_describe: Callable[..., Any]
    cascade_archive_free: Callable[..., Any]
    cascade_blockers_open: Callable[..., Any]
    cascade_blockers_next: Callable[..., Any]
    cascade_blockers_token: Callable[..., Any]
    cascade_blockers_cut: Callable[..., Any]
    cascade_blockers_count: Callable[..., Any]
    cascade_blockers_probe: Callable[..., Any]
    cascade_blockers_json: Callable[..., Any]
    cascade_blockers_free: Callable[..., Any]
    cascade_constant: Callable[..., Any]
    cascade_constant_name: Callable[..., Any]
    cascade_connection_open: Callable[..., Any]
    cascade_connection_adopt: Callable[..., Any]
    cascade_connection_new: Callable[..., Any]
    cascade_connection_cancel: Callable[..., Any]
    cascade_connection_engine: Callable[..., Any]
    cascade_connection_statements: Callable[..., Any]
    cascade_connection_free: Callable[..., Any]
    cascade_context_new: Callable[..., Any]
    cascade_context_free: Callable[..., Any]
    cascade_status_name: Callable[..., Any]
    cascade_error_status: Callable[..., Any]
    cascade_error_message: Callable[..., Any]
    cascade_error_sqlstate: Callable[..., Any]
    cascade_error_native_code: Callable[..., Any]
    cascade_error_table: Callable[..., Any]
    cascade_error_relation: Callable[..., Any]
    cascade_error_retryable: Callable[..., Any]
    cascade_error_transaction: Callable[..., Any]
    cascade_error_create: Callable[..., Any]
    cascade_error_free: Callable[..., Any]
    cascade_fill_new: Callable[..., Any]
    cascade_fill_select: Callable[..., Any]
    cascade_fill_stream: Callable[..., Any]
    cascade_fill_next: Callable[..., Any]
    cascade_fill_cancel: Callable[..., Any]
    cascade_fill_describe: Callable[..., Any]
    cascade_fill_token: Callable[..., Any]
    cascade_fill_free: Callable[..., Any]
    cascade_graph_read: Callable[..., Any]
    cascade_graph_load: Callable[..., Any]
    cascade_graph_json: Callable[..., Any]
    cascade_graph_dot: Callable[..., Any]
    cascade_text_free: Callable[..., Any]
    cascade_graph_table_count: Callable[..., Any]
    cascade_graph_relation_count: Callable[..., Any]
    cascade_graph_hidden: Callable[..., Any]
    cascade_graph_find_table: Callable[..., Any]
    cascade_graph_table: Callable[..., Any]
    cascade_graph_column: Callable[..., Any]
    cascade_graph_relation: Callable[..., Any]
    cascade_graph_relations_to: Callable[..., Any]
    cascade_graph_relations_from: Callable[..., Any]
    cascade_graph_reach: Callable[..., Any]
    cascade_graph_path: Callable[..., Any]
    cascade_graph_ref: Callable[..., Any]
    cascade_graph_free: Callable[..., Any]
    cascade_outbox_ddl: Callable[..., Any]
    cascade_outbox_install: Callable[..., Any]
    cascade_outbox_read: Callable[..., Any]
    cascade_outbox_ack: Callable[..., Any]
    cascade_audit_list: Callable[..., Any]
    cascade_plan_new: Callable[..., Any]
    cascade_plan_describe: Callable[..., Any]
    cascade_plan_step: Callable[..., Any]
    cascade_plan_text: Callable[..., Any]
    cascade_plan_json: Callable[..., Any]
    cascade_plan_sql: Callable[..., Any]
    cascade_plan_free: Callable[..., Any]
    cascade_policy_new: Callable[..., Any]
    cascade_policy_load: Callable[..., Any]
    cascade_policy_relation_count: Callable[..., Any]
    cascade_policy_relation: Callable[..., Any]
    cascade_policy_graph: Callable[..., Any]
    cascade_rule_name: Callable[..., Any]
    cascade_policy_ref: Callable[..., Any]
    cascade_policy_free: Callable[..., Any]
    cascade_purge_new: Callable[..., Any]
    cascade_purge_next: Callable[..., Any]
    cascade_purge_cancel: Callable[..., Any]
    cascade_purge_describe: Callable[..., Any]
    cascade_purge_table: Callable[..., Any]
    cascade_purge_kept: Callable[..., Any]
    cascade_purge_row_columns: Callable[..., Any]
    cascade_purge_veto: Callable[..., Any]
    cascade_purge_blame: Callable[..., Any]
    cascade_purge_free: Callable[..., Any]
    cascade_queue_ddl: Callable[..., Any]
    cascade_queue_install: Callable[..., Any]
    cascade_detach: Callable[..., Any]
    cascade_queue_purge: Callable[..., Any]
    cascade_queue_fill: Callable[..., Any]
    cascade_queue_cancel: Callable[..., Any]
    cascade_queue_retry: Callable[..., Any]
    cascade_queue_pause: Callable[..., Any]
    cascade_queue_resume: Callable[..., Any]
    cascade_queue_list: Callable[..., Any]
    cascade_queue_metrics: Callable[..., Any]
    cascade_worker_new: Callable[..., Any]
    cascade_worker_step: Callable[..., Any]
    cascade_worker_purge: Callable[..., Any]
    cascade_worker_describe: Callable[..., Any]
    cascade_worker_cancel: Callable[..., Any]
    cascade_worker_free: Callable[..., Any]
    cascade_selection_integers: Callable[..., Any]
    cascade_selection_keys: Callable[..., Any]
    cascade_selection_parse: Callable[..., Any]
    cascade_selection_where: Callable[..., Any]
    cascade_selection_table: Callable[..., Any]
    cascade_selection_free: Callable[..., Any]
    cascade_throttle_new: Callable[..., Any]
    cascade_throttle_describe: Callable[..., Any]
    cascade_throttle_free: Callable[..., Any]
    cascade_version: Callable[..., Any]
    cascade_version_string: Callable[..., Any]

    def __init__(self, library: CDLL, check: Callable[..., Any]) -> None:
        def bind(name: str, result: Any, *arguments: Any) -> None:
            function = getattr(library, name)
            function.argtypes, function.restype = arguments, c_int32 if result is status else result
            if result is status:
                function.errcheck = check
            setattr(self, name, function)

        error, status = POINTER(POINTER(cascade_error)), object()
        bind("cascade_archive_new", status, POINTER(cascade_context), POINTER(cascade_archive_options),
             POINTER(POINTER(cascade_archive)), error)
        bind("cascade_archive_ddl", status, POINTER(cascade_archive), POINTER(cascade_connection), POINTER(cascade_policy),
             c_char_p, POINTER(POINTER(c_char)), error)
        bind("cascade_archive_install", status, POINTER(cascade_archive), POINTER(cascade_connection),
             POINTER(cascade_policy), c_char_p, error)
        bind("cascade_archive_describe", status, POINTER(cascade_archive), POINTER(cascade_archive_report))
        bind("cascade_archive_free", None, POINTER(cascade_archive))
        bind("cascade_blockers_open", status, POINTER(cascade_connection), POINTER(cascade_policy),
             POINTER(cascade_selection), POINTER(cascade_blockers_options), POINTER(POINTER(cascade_blockers)), error)
        bind("cascade_blockers_next", status, POINTER(cascade_blockers), POINTER(POINTER(cascade_blockers_page)), error)
        bind("cascade_blockers_token", status, POINTER(cascade_blockers), c_int32, POINTER(c_char_p), error)
        bind("cascade_blockers_cut", c_int32, POINTER(cascade_blockers))
        bind("cascade_blockers_count", status, POINTER(cascade_blockers), c_int32, POINTER(cascade_blockers_total))
        bind("cascade_blockers_probe", status, POINTER(cascade_connection), POINTER(cascade_policy),
             POINTER(cascade_selection), _UINT64, POINTER(c_int32), POINTER(c_uint32), error)
        bind("cascade_blockers_json", status, POINTER(cascade_connection), POINTER(cascade_policy),
             POINTER(cascade_selection), POINTER(cascade_blockers_options), c_int32, POINTER(POINTER(c_char)), error)
        bind("cascade_blockers_free", None, POINTER(cascade_blockers))
        bind("cascade_constant", status, c_char_p, POINTER(c_int64))
        bind("cascade_constant_name", c_char_p, _UINT32)
        bind("cascade_connection_open", status, POINTER(cascade_context), c_char_p, POINTER(cascade_connection_options),
             POINTER(POINTER(cascade_connection)), error)
        bind("cascade_connection_adopt", status, POINTER(cascade_context), c_char_p, c_void_p,
             POINTER(cascade_connection_options), POINTER(POINTER(cascade_connection)), error)
        bind("cascade_connection_new", status, POINTER(cascade_context), POINTER(cascade_driver), c_void_p,
             POINTER(cascade_connection_options), POINTER(POINTER(cascade_connection)), error)
        bind("cascade_connection_cancel", None, POINTER(cascade_connection))
        bind("cascade_connection_engine", c_char_p, POINTER(cascade_connection))
        bind("cascade_connection_statements", c_uint64, POINTER(cascade_connection))
        bind("cascade_connection_free", None, POINTER(cascade_connection))
        bind("cascade_context_new", status, POINTER(cascade_context_options), POINTER(POINTER(cascade_context)), error)
        bind("cascade_context_free", None, POINTER(cascade_context))
        bind("cascade_status_name", c_char_p, c_int32)
        bind("cascade_error_status", status, POINTER(cascade_error))
        bind("cascade_error_message", c_char_p, POINTER(cascade_error))
        bind("cascade_error_sqlstate", c_char_p, POINTER(cascade_error))
        bind("cascade_error_native_code", c_int64, POINTER(cascade_error))
        bind("cascade_error_table", c_char_p, POINTER(cascade_error))
        bind("cascade_error_relation", c_char_p, POINTER(cascade_error))
        bind("cascade_error_retryable", c_int32, POINTER(cascade_error))
        bind("cascade_error_transaction", c_int32, POINTER(cascade_error))
        bind("cascade_error_create", c_int32, POINTER(cascade_context), POINTER(cascade_error_details), error)
        bind("cascade_error_free", None, POINTER(cascade_error))
        bind("cascade_fill_new", status, POINTER(cascade_connection), POINTER(cascade_graph), POINTER(cascade_fill_target),
             POINTER(cascade_fill_options), POINTER(POINTER(cascade_fill)), error)
        bind("cascade_fill_select", status, POINTER(cascade_fill), c_char_p, POINTER(cascade_value), _UINT32, error)
        bind("cascade_fill_stream", status, POINTER(cascade_fill), cascade_fill_rows, c_void_p, error)
        bind("cascade_fill_next", status, POINTER(cascade_fill), POINTER(POINTER(cascade_fill_range)), error)
        bind("cascade_fill_cancel", None, POINTER(cascade_fill))
        bind("cascade_fill_describe", status, POINTER(cascade_fill), POINTER(cascade_fill_report))
        bind("cascade_fill_token", status, POINTER(cascade_fill), POINTER(POINTER(c_char)), error)
        bind("cascade_fill_free", None, POINTER(cascade_fill))
        bind("cascade_graph_read", status, POINTER(cascade_connection), POINTER(cascade_graph_options),
             POINTER(POINTER(cascade_graph)), error)
        bind("cascade_graph_load", status, POINTER(cascade_context), c_char_p, _UINT64, POINTER(POINTER(cascade_graph)), error)
        bind("cascade_graph_json", status, POINTER(cascade_graph), POINTER(POINTER(c_char)), error)
        bind("cascade_graph_dot", status, POINTER(cascade_graph), c_char_p, POINTER(POINTER(c_char)), error)
        bind("cascade_text_free", None, POINTER(c_char))
        bind("cascade_graph_table_count", c_uint32, POINTER(cascade_graph))
        bind("cascade_graph_relation_count", c_uint32, POINTER(cascade_graph))
        bind("cascade_graph_hidden", c_uint32, POINTER(cascade_graph))
        bind("cascade_graph_find_table", status, POINTER(cascade_graph), c_char_p, POINTER(c_uint32), error)
        bind("cascade_graph_table", status, POINTER(cascade_graph), _UINT32, POINTER(cascade_table_info))
        bind("cascade_graph_column", status, POINTER(cascade_graph), _UINT32, _UINT32, POINTER(cascade_column_info))
        bind("cascade_graph_relation", status, POINTER(cascade_graph), _UINT32, POINTER(cascade_relation_info))
        bind("cascade_graph_relations_to", status, POINTER(cascade_graph), _UINT32, POINTER(POINTER(c_uint32)),
             POINTER(c_uint32))
        bind("cascade_graph_relations_from", status, POINTER(cascade_graph), _UINT32, POINTER(POINTER(c_uint32)),
             POINTER(c_uint32))
        bind("cascade_graph_reach", status, POINTER(cascade_graph), _UINT32, c_int32, POINTER(c_uint32), POINTER(c_uint32),
             error)
        bind("cascade_graph_path", status, POINTER(cascade_graph), _UINT32, _UINT32, POINTER(c_uint32), POINTER(c_uint32),
             error)
        bind("cascade_graph_ref", POINTER(cascade_graph), POINTER(cascade_graph))
        bind("cascade_graph_free", None, POINTER(cascade_graph))
        bind("cascade_outbox_ddl", status, c_char_p, POINTER(POINTER(c_char)), error)
        bind("cascade_outbox_install", status, POINTER(cascade_connection), error)
        bind("cascade_outbox_read", status, POINTER(cascade_connection), POINTER(cascade_outbox_options), POINTER(c_int64),
             POINTER(POINTER(c_char)), error)
        bind("cascade_outbox_ack", status, POINTER(cascade_connection), _INT64, POINTER(c_uint64), error)
        bind("cascade_audit_list", status, POINTER(cascade_connection), POINTER(cascade_audit_options),
             POINTER(POINTER(c_char)), error)
        bind("cascade_plan_new", status, POINTER(cascade_connection), POINTER(cascade_policy), POINTER(cascade_selection),
             POINTER(cascade_plan_options), POINTER(POINTER(cascade_plan)), error)
        bind("cascade_plan_describe", status, POINTER(cascade_plan), POINTER(cascade_plan_info))
        bind("cascade_plan_step", status, POINTER(cascade_plan), _UINT32, POINTER(cascade_step_info))
        bind("cascade_plan_text", status, POINTER(cascade_plan), POINTER(POINTER(c_char)), error)
        bind("cascade_plan_json", status, POINTER(cascade_plan), POINTER(POINTER(c_char)), error)
        bind("cascade_plan_sql", status, POINTER(cascade_plan), POINTER(POINTER(c_char)), error)
        bind("cascade_plan_free", None, POINTER(cascade_plan))
        bind("cascade_policy_new", status, POINTER(cascade_graph), POINTER(cascade_policy_options),
             POINTER(POINTER(cascade_policy)), error)
        bind("cascade_policy_load", status, POINTER(cascade_graph), c_char_p, _UINT64, POINTER(POINTER(cascade_policy)), error)
        bind("cascade_policy_relation_count", c_uint32, POINTER(cascade_policy))
        bind("cascade_policy_relation", status, POINTER(cascade_policy), _UINT32, POINTER(cascade_relation_info))
        bind("cascade_policy_graph", POINTER(cascade_graph), POINTER(cascade_policy))
        bind("cascade_rule_name", c_char_p, c_int32)
        bind("cascade_policy_ref", POINTER(cascade_policy), POINTER(cascade_policy))
        bind("cascade_policy_free", None, POINTER(cascade_policy))
        bind("cascade_purge_new", status, POINTER(cascade_connection), POINTER(cascade_policy), POINTER(cascade_selection),
             POINTER(cascade_purge_options), POINTER(POINTER(cascade_purge)), error)
        bind("cascade_purge_next", status, POINTER(cascade_purge), POINTER(POINTER(cascade_batch_info)), error)
        bind("cascade_purge_cancel", None, POINTER(cascade_purge))
        bind("cascade_purge_describe", status, POINTER(cascade_purge), POINTER(cascade_purge_report))
        bind("cascade_purge_table", status, POINTER(cascade_purge), _UINT32, POINTER(cascade_table_report))
        bind("cascade_purge_kept", status, POINTER(cascade_purge), _UINT32, POINTER(POINTER(cascade_keys)),
             POINTER(POINTER(cascade_keys)))
        bind("cascade_purge_row_columns", status, POINTER(cascade_purge), _UINT32, POINTER(cascade_row_columns))
        bind("cascade_purge_veto", status, POINTER(cascade_purge), _UINT32, POINTER(c_uint64), _UINT64)
        bind("cascade_purge_blame", status, POINTER(cascade_purge), c_char_p, c_char_p)
        bind("cascade_purge_free", None, POINTER(cascade_purge))
        bind("cascade_queue_ddl", status, c_char_p, POINTER(POINTER(c_char)), error)
        bind("cascade_queue_install", status, POINTER(cascade_connection), error)
        bind("cascade_detach", status, POINTER(cascade_connection), POINTER(cascade_policy), POINTER(cascade_selection),
             POINTER(cascade_detach_options), POINTER(cascade_detach_report), error)
        bind("cascade_queue_purge", status, POINTER(cascade_connection), POINTER(cascade_policy), POINTER(cascade_selection),
             POINTER(cascade_job_options), POINTER(c_int64), error)
        bind("cascade_queue_fill", status, POINTER(cascade_fill), POINTER(cascade_job_options), POINTER(c_int64), error)
        bind("cascade_queue_cancel", status, POINTER(cascade_connection), _INT64, error)
        bind("cascade_queue_retry", status, POINTER(cascade_connection), _INT64, error)
        bind("cascade_queue_pause", status, POINTER(cascade_connection), _INT64, error)
        bind("cascade_queue_resume", status, POINTER(cascade_connection), _INT64, error)
        bind("cascade_queue_list", status, POINTER(cascade_connection), POINTER(cascade_queue_list_options),
             POINTER(POINTER(c_char)), error)
        bind("cascade_queue_metrics", status, POINTER(cascade_connection), POINTER(POINTER(c_char)), error)
        bind("cascade_worker_new", status, POINTER(cascade_connection), POINTER(cascade_worker_options),
             POINTER(POINTER(cascade_worker)), error)
        bind("cascade_worker_step", status, POINTER(cascade_worker), error)
        bind("cascade_worker_purge", POINTER(cascade_purge), POINTER(cascade_worker))
        bind("cascade_worker_describe", status, POINTER(cascade_worker), POINTER(cascade_worker_report))
        bind("cascade_worker_cancel", None, POINTER(cascade_worker))
        bind("cascade_worker_free", None, POINTER(cascade_worker))
        bind("cascade_selection_integers", status, POINTER(cascade_graph), c_char_p, POINTER(c_int64), _UINT64,
             POINTER(POINTER(cascade_selection)), error)
        bind("cascade_selection_keys", status, POINTER(cascade_graph), c_char_p, POINTER(cascade_value), _UINT64, _UINT32,
             POINTER(POINTER(cascade_selection)), error)
        bind("cascade_selection_parse", status, POINTER(cascade_graph), c_char_p, POINTER(c_char_p), _UINT32,
             POINTER(POINTER(cascade_selection)), error)
        bind("cascade_selection_where", status, POINTER(cascade_graph), c_char_p, c_char_p, POINTER(cascade_value), _UINT32,
             POINTER(POINTER(cascade_selection)), error)
        bind("cascade_selection_table", c_uint32, POINTER(cascade_selection))
        bind("cascade_selection_free", None, POINTER(cascade_selection))
        bind("cascade_throttle_new", status, POINTER(cascade_connection), POINTER(cascade_throttle_options),
             POINTER(POINTER(cascade_throttle)), error)
        bind("cascade_throttle_describe", status, POINTER(cascade_throttle), POINTER(cascade_throttle_report))
        bind("cascade_throttle_free", None, POINTER(cascade_throttle))
        bind("cascade_version", c_uint32)
        bind("cascade_version_string", c_char_p)
