"""Ten thousand sessions, and large results, in little memory."""

import gc
import os

import pytest

import libcascade
from libcascade import Connection, Override, Policy, Rule


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("over", [False, True], ids=["native", "dbapi"])
def test_ten_thousand_sessions_leave_nothing_behind(sqlite, over):
    sqlite.museum(2, 2)
    host = sqlite.dbapi(autocommit=True)
    with libcascade.connect(sqlite.uri) as other:
        graph = other.graph()
        policy, agents = Policy(graph, [Override("item", "loan_id", Rule.CASCADE)]), graph.select("agent", [1])

        def cycle(count):
            for i in range(count):
                with (Connection.over(host) if over else libcascade.connect(sqlite.uri)) as db:
                    if i % 100 == 0:
                        db.plan(policy, agents)
                        list(db.blockers(policy, agents))
                        db.purge(policy, agents, after_batch=lambda deleted: None)
        cycle(1500)
        gc.collect()
        before, descriptors = resident(), len(os.listdir("/proc/self/fd"))
        cycle(8500)
        gc.collect()
        assert resident() - before < 2_000_000
        assert len(os.listdir("/proc/self/fd")) == descriptors
