"""What purges wrote of the rows that they deleted, for those who have to follow; and who purged what, when and why."""

from __future__ import annotations

import json
from ctypes import byref, c_int64, c_uint64
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from . import _abi
from ._calls import encode, failure, lib, text_of

if TYPE_CHECKING:
    from .connection import Connection


def outbox_ddl(engine: str) -> str:
    """The statements that make the tables of the outbox and the audit, for the host's own migration. Each may be run again."""
    return text_of(lib.cascade_outbox_ddl, encode(engine))


class Outbox:
    """The outbox in the database of a session; made by Connection.outbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def install(self) -> None:
        """Makes the tables of the outbox and the audit, where they are not there."""
        with self._connection._session:
            lib.cascade_outbox_install(self._connection._pointer, failure())

    def read(self, *, limit: int = 0, lease_ms: int = 0) -> Optional[Tuple[int, List[Dict[str, Any]]]]:
        """The next rows with the number by which they are acknowledged; None when there are none now. Others get them when they are
        not acknowledged within `lease_ms`."""
        options, batch = _abi.cascade_outbox_options(limit=limit, lease_ms=lease_ms), c_int64()
        with self._connection._session:
            text = text_of(lib.cascade_outbox_read, self._connection._pointer, byref(options), byref(batch))
        if not text:
            return None
        rows: List[Dict[str, Any]] = json.loads(text)["rows"]
        return batch.value, rows

    def ack(self, batch: int) -> int:
        """The rows have been dealt with. Gives how many were removed: fewer than were read, when others have taken some."""
        rows = c_uint64()
        with self._connection._session:
            lib.cascade_outbox_ack(self._connection._pointer, batch, byref(rows), failure())
        return rows.value

    def audit(self, *, after: int = 0, limit: int = 0) -> List[Dict[str, Any]]:
        """Purges that left a row in the audit, by their numbers."""
        options = _abi.cascade_audit_options(after=after, limit=limit)
        with self._connection._session:
            text = text_of(lib.cascade_audit_list, self._connection._pointer, byref(options))
        purges: List[Dict[str, Any]] = json.loads(text)["purges"]
        return purges
