"""libcascade: deletes rows with everything that depends on them, safely and at scale.

    import libcascade

    with libcascade.connect("sqlite:museum.db") as db:
        graph = db.graph()
        policy = libcascade.Policy(graph)
        agents = graph.select("agent", [7, 12])
        print(db.plan(policy, agents).text())
        for batch in db.purge(policy, agents):
            print(batch.total_deleted, "rows gone")
"""

from ._abi import VERSION_STRING as __version__
from ._abi import (Accuracy, Action, Allow, BlockerKind, BlockersCut, BlockersProfile, ColumnFlag, CountMode, FillMode, Hidden, Integrity,
                   LogLevel, ProbeAnswer, RelationFlag, Rule, Status, StepKind, StepWarning, TableFlag, TableKind, TokenKind,
                   TransactionState)
from ._calls import lib as _lib
from ._values import Key, Keys, Value
from .blockers import ALL, Blockers, Page, Request, Total
from .connection import Connection, Context, connect
from .errors import *  # noqa: F401,F403
from .fill import Fill, FillReport, Range
from .graph import Column, Graph, Override, Policy, Relation, Selection, Table
from .plan import Plan, Step
from .purge import AfterBatch, Batch, Deleted, Purge, Report, TableReport
from .queue import Detached, JobOptions, Queue, Worker, WorkerReport, queue_ddl
