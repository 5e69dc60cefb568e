# frozen_string_literal: true

# The library's objects in Ruby, on each engine: with the library's own drivers, and over Ruby's sessions.

require_relative "helper"

module CoreTests
  def setup
    @database = Database.of(self.class::ENGINE)
    @database.run(*Museum::TABLES, *Museum.rows)
    @connection = connect
    @graph = @connection.graph
    @policy = Museum.policy(@graph)
  end

  def teardown
    @connection&.close
    @ours&.close
    @database&.drop
  end

  def agents(*keys)
    @graph.select("agent", keys: keys)
  end

  def rows(table)
    @database.value("SELECT COUNT(*) FROM #{table}")
  end

  def test_graph
    assert_equal %w[agent loan note], @graph.tables.map(&:name)
    loan = @graph.table("loan")
    assert_equal [%w[id agent_id], ["id"], :ordinary], [loan.columns.map(&:name), loan.key, loan.kind]
    assert_equal [:not_null], @graph.table("agent").columns.last.flags
    relation = @graph.relations_to("agent").first
    assert_equal [loan, %w[agent_id], %w[id], :cascade, :cascade],
                 [relation.table, relation.columns, relation.ref_columns, relation.on_delete, relation.rule]
    assert_equal [relation], @graph.relations_from("loan")
    assert_equal %w[agent loan note], @graph.reach("agent").map(&:name)
    assert_equal %w[agent loan], @graph.reach("agent", cascading_only: true).map(&:name)
    assert_equal %w[loan note], @graph.path("note", "agent").map { |step| step.table.name }
    assert_nil @graph.path("agent", "note")
    assert_raises(Libcascade::NotFoundError) { @graph.path("agent", "nodes") }
    assert_empty @graph.hidden
    again = Libcascade::Graph.load(@graph.to_json)
    assert_equal @graph.to_json, again.to_json
    assert_match(/\Adigraph/, @graph.to_dot("agent"))
    assert_raises(FrozenError) { loan.columns << 1 }
    error = assert_raises(Libcascade::NotFoundError) { @graph.table("agnet") }
    assert_match(/agent/, error.message)
  end

  def test_policy
    assert_equal %i[cascade cascade], @policy.relations.map(&:rule)
    json = '{"relations": [{"table": "note", "columns": ["loan_id"], "rule": "PROTECT"}], "exclude": []}'
    assert_equal :protect, Libcascade::Policy.load(@graph, json).find("note", "loan_id").rule
    assert_equal "SET_NULL", Libcascade::Policy.rule_name(:set_null)
    copy = @policy.dup
    @policy.close
    assert_equal 2, copy.relations.size
    assert_raises(ArgumentError) { @graph.policy([{ table: "note", colums: "loan_id" }]) }
    assert_raises(ArgumentError) { @graph.policy([{ table: "note", columns: "loan_id", rule: :explode }]) }
    assert_raises(Libcascade::NotFoundError) { @graph.policy([{ table: "note", columns: "lone_id", rule: :cascade }]) }
  end

  def test_selections
    assert_equal "agent", agents(1).table.name
    by_text = @graph.select("note", keys: %w[n10 n11])
    assert_equal 2, @connection.plan(@policy, by_text).roots
    by_condition = @graph.select("agent", where: "name = ? OR id = ?", parameters: ["Agent 3", 4])
    assert_equal 2, @connection.plan(@policy, by_condition).roots
    parsed = Libcascade::Selection.parse(@graph, "agent", "1", "2", "3")
    assert_equal 3, @connection.plan(@policy, parsed).roots
    assert_equal 0, @connection.plan(@policy, agents).roots
    assert_equal 1, @connection.plan(@policy, @graph.select("agent", keys: 5)).roots
    assert_equal 1, @connection.plan(@policy, @graph.select("note", keys: "n10")).roots
    assert_equal 4, @connection.plan(@policy, @graph.select("agent", keys: 5..8)).roots
    assert_raises(ArgumentError) { @graph.select("agent", keys: [1], where: "id = 2") }
    assert_raises(TypeError) { @graph.select("agent", where: "id = ?", parameters: [Object.new]) }
    assert_raises(Libcascade::InvalidError) { @graph.select("note", keys: [["a", 1]]) }
  end

  def test_plan
    plan = @connection.plan(@policy, agents(1, 2))
    assert_equal [2, 2 + 6 + 6, :exact, false], [plan.roots, plan.deleted, plan.accuracy, plan.blocked?]
    assert_equal %i[delete delete delete], plan.map(&:kind)
    assert_match(/\ADelete 2 rows/, plan.to_s)
    assert_match(/fingerprint/, plan.to_json)
    assert_match(/delete/i, plan.to_sql)
    assert_predicate @connection.plan(@graph.policy, agents(1)), :blocked?
  end

  def test_blockers
    pages = @connection.blockers(@graph.policy, agents(1), depth: 2, limit: 2, count: :exact, &:to_a)
    loans, notes = pages
    assert_equal [:cascading, [10, 11], false, 3, :exact], [loans.kind, loans.keys.to_a, loans.complete?, loans.count,
        loans.count_accuracy]
    assert_equal [:blocking, %w[n10 n11], [[10, 11]]], [notes.kind, notes.keys.to_a, notes.path_keys.map(&:to_a)]
    assert_equal [loans.relation], notes.path
    assert_raises(FrozenError) { loans.keys.to_a << 1 }
    more = @connection.blockers(@policy, agents(1), requests: [{ relation: loans.relation,
        anchor: loans.last }]) { |cursor| cursor.next.keys.to_a }
    assert_equal [12], more
    secret = "0123456789abcdef"
    token = @connection.blockers(@policy, agents(1), limit: 2, token_key: secret) { |cursor| cursor.next && cursor.token(:next) }
    assert_equal [[12]], @connection.blockers(@policy, agents(1), token_key: secret,
        token: token) { |cursor| cursor.map { |page| page.keys.to_a } }
    assert_raises(Libcascade::TokenForgedError) { @connection.blockers(@policy, agents(1), token_key: "x" * 16, token: token) }
    total = @connection.blockers(@policy, agents(1, 2), count: :exact) { |cursor| cursor.each { nil }.count_of(:cascading) }
    assert_equal [1, 6], [total.relations, total.references]
    assert_equal [:rows], @connection.blockers(@policy, agents(1), budget_rows: 1) { |cursor| cursor.each { nil }.cut }
    assert_equal :deletable, @connection.probe(@policy, agents(1)).answer
    probe = @connection.probe(@graph.policy, agents(1))
    assert_equal [:blocked, "note"], [probe.answer, probe.relation.table.name]
    specify = JSON.parse(@connection.blockers_json(@policy, agents(1), profile: :specify, limit: 2))
    assert_equal [10, 11], specify["next"].first["ids"]
  end

  def test_purge
    seen = []
    batches = []
    report = @connection.purge(@policy, agents(1, 2),
        after_batch: ->(tables) { seen.concat(tables) }).run { |batch| batches << batch }
    assert_equal [true, 14], [report.finished?, report.deleted]
    assert_equal 14, batches.sum(&:deleted)
    assert_equal({ "agent" => 2, "loan" => 6, "note" => 6 },
        report.tables.transform_keys { |label| label[/\w+\z/] }.transform_values(&:deleted))
    assert_equal [1, 2], seen.last.keys.to_a.sort
    assert_predicate seen.last.keys.to_a, :frozen?
    assert_equal [18, 54, 54], [rows("agent"), rows("loan"), rows("note")]
  end

  def test_vetoes
    told = Hash.new { |all, label| all[label] = [] }
    numbers = {}
    keep = lambda do |tables|
      tables.each { |table| numbers[table.label[/\w+\z/]] = table.table }
      loans = tables.find { |table| table.label.end_with?("loan") }
      assert_equal loans.keys.size, loans.rows.size
      { loans.label => [loans.keys.to_a.index(10)] }
    end
    committed = ->(tables) { tables.each { |table| told[table.label[/\w+\z/]].concat(table.keys.to_a) } }
    @connection.purge(@policy, agents(1, 2), before_batch: keep, after_commit: committed,
        columns: { "loan" => %w[agent_id] }) do |purge|
      report = purge.each { nil }.report
      assert_equal [true, 12, 1, 1], [report.finished?, report.deleted, report.vetoed, report.kept]
      assert_equal [[10], []], purge.stayed(numbers["loan"]).map(&:to_a)
      assert_equal [[], [1]], purge.stayed(numbers["agent"]).map(&:to_a)
      assert_raises(Libcascade::Error) { purge.blame("loan", "outside of a hook") }
    end
    assert_equal [[2], 5], [told["agent"], told["loan"].size]
  end

  def test_archive
    told = []
    archive = @connection.archive(suffix: "_old", write: ->(*event) { told << event })
    assert_raises(Libcascade::ArchiveError) { @connection.purge(@policy, agents(1), archive: archive) }
    assert_match(/agent_old/, archive.ddl(@policy, "agent"))
    assert_nil archive.install(@policy, :agent).ddl(@policy, :agent)
    deleted = @connection.purge(@policy, agents(1), archive: archive).run.deleted
    assert_equal [deleted, 0, 0], archive.report.to_a
    assert_equal [%i[lines flush keep], 1], [told.map(&:first), rows("agent_old")]
    lines = told.map(&:last).join.lines.map { |line| JSON.parse(line) }
    assert_equal [deleted, 1], [lines.size, lines.last["row"]["id"]]
    boom = Class.new(StandardError)
    archive = @connection.archive(write: ->(*) { raise boom })
    assert_raises(boom) { @connection.purge(@policy, agents(2), archive: archive).run }
    assert_raises(TypeError) { @connection.purge(@policy, agents(2), archive: 1) }
    assert_raises(Libcascade::InvalidError) { @connection.archive }
    assert_equal 19, rows("agent")
  end

  def test_throttle
    asked, pauses, answers = 0, [], [20, 0, -1]
    throttle = @connection.throttle(ask: ->(_) { answers[(asked += 1) - 1] }, told: ->(pause) { pauses << pause })
    purge = @connection.purge(@policy, agents(1), throttle: throttle)
    assert_equal 7, purge.next.deleted
    assert_equal [1, :host], [throttle.report.pauses, pauses.first.reason]
    assert_equal :over, pauses.last.reason
    assert_raises(Libcascade::CancelledError) { @connection.purge(@policy, agents(2), throttle: throttle).run }
    boom = Class.new(StandardError)
    throttle = @connection.throttle(ask: ->(_) { raise boom })
    assert_raises(boom) { @connection.purge(@policy, agents(2), throttle: throttle).run }
    assert_equal 19, rows("agent")
    assert_raises(TypeError) { @connection.purge(@policy, agents(2), throttle: 1) }
  end

  def test_outbox
    outbox = @connection.outbox.install
    assert_includes Libcascade::Outbox.ddl(:sqlite), "cascade_outbox"
    told = { outbox: true, actor: "jo", reason: "tidy", columns: { "agent" => "name" } }
    assert_equal 14, @connection.purge(@policy, agents(1, 2), **told).run.deleted
    rows = []
    batch, first = outbox.read(limit: 5)
    assert_equal 5, first.size
    assert_equal 5, outbox.ack(batch)
    nil while outbox.read(limit: 4) { |more| rows.concat(more) }.positive?
    assert_equal 14, (first + rows).map { |row| row[:id] }.uniq.size
    assert_equal [[[1], { name: "Agent 1" }], [[2], { name: "Agent 2" }]],
                 rows.select { |row| row[:table].end_with?("agent") }.map { |row| row.values_at(:key, :columns) }
    assert_nil outbox.read
    assert_equal [["jo", "tidy", 14, true]], outbox.audit.map { |purge| purge.values_at(:actor, :reason, :deleted, :finished) }
  end

  def test_refusals
    error = assert_raises(Libcascade::BlockedError) { @connection.purge(@graph.policy, agents(1)) }
    assert_match(/note\(loan_id\)/, error.relation)
    refute_predicate error, :retryable?
    assert_raises(Libcascade::NoFilterError) { @connection.purge(@policy, @graph.select("agent")) }
    assert_equal 20, @connection.purge(@policy, @graph.select("agent"), allow: :no_filter).run.tables.to_a.first.last.deleted
    assert_raises(ArgumentError) { @connection.purge(@policy, agents(1), max_row: 5) }
    assert_raises(RangeError) { @connection.purge(@policy, agents(1), max_rows: -1) }
    assert_raises(RangeError) { @connection.purge(@policy, agents(1), batch_ms: 1 << 32) }
    assert_raises(TypeError) { @connection.purge(@graph, agents(1)) }
  end

  def test_hook_that_raises
    boom = Class.new(StandardError)
    raised = assert_raises(boom) { @connection.purge(@policy, agents(1), after_batch: ->(_) { raise boom, "no" }).run }
    assert_match(/test_core/, raised.backtrace.join)
    assert_equal 20, rows("agent")
    assert_raises(LocalJumpError) { catch(:out) { @connection.purge(@policy, agents(1), after_batch: ->(_) { throw :out }).run } }
    assert_equal 20, rows("agent")
    assert_equal 7, @connection.purge(@policy, agents(1)).run.deleted
  end

  def test_cancel
    purge = @connection.purge(@policy, agents(1))
    purge.cancel
    assert_raises(Libcascade::CancelledError) { purge.next }
    assert_equal 20, rows("agent")
    purge.close
    purge.cancel # does nothing any more
  end

  # What is closed by its own hooks goes when the call has ended.
  def test_closed_by_a_hook
    purge = @connection.purge(@policy, agents(1, 2), after_batch: ->(_) { purge.close })
    assert_raises(Libcascade::ClosedError) { purge.run }
    assert_equal 18, rows("agent")
    other = @connection.blockers(@policy, agents(3))
    purge = @connection.purge(@policy, agents(3), after_batch: ->(_) { @connection.close })
    assert_raises(Libcascade::ClosedError) { purge.run }
    assert_equal [17, true, true], [rows("agent"), other.closed?, @connection.closed?]
    reading = Class.new do
      define_method(:each_entry) { Enumerator.new { |rows| rows << [1, "x"] && @fill.close } }
      attr_writer :fill
    end.new
    connection = connect
    fill = reading.fill = connection.fill(connection.graph, table: "agent", columns: %w[id name], key: %w[id]).stream(reading)
    assert_raises(Libcascade::ClosedError) { fill.run }
    connection.close
  end

  # What options point to lives as long as they.
  def test_options_within_options
    loans = @graph.relations_to("agent").first
    looked = Libcascade::Blockers.options(@policy, { requests: [{ relation: loans, anchor: ["a" * 40, 7] }] })
    detached = Libcascade::Queue.detach_options({ job: { actor: "j" * 40, columns: { "agent" => "name" } } })
    10.times { GC.start && Array.new(300) { |n| FFI::MemoryPointer.new(n % 200 + 1).put_uint8(0, 120) } }
    request = Libcascade::Native::BlockersRequest.new(looked[:requests].read_pointer)
    assert_equal ["a" * 40, 7], Libcascade::Value.unpack(request[:anchor], 2)
    job = Libcascade::Native::JobOptions.new(detached[:job])
    assert_equal ["j" * 40, ["name"]], [job.text(:actor), job.texts(:columns, 1)]
  end

  # What a connection is asked in another thread, in the midst of its work, waits for that.
  def test_reports_from_another_thread
    entered, left = ::Queue.new, false
    purge = @connection.purge(@policy, agents(1), after_batch: lambda { |_|
      entered << true
      sleep 0.2
      left = true
    })
    watcher = Thread.new do
      entered.pop
      purge.report.deleted.tap { assert left }
    end
    purge.next
    assert_equal 7, watcher.value
  end

  # A throttle looks through its own connection, which others use.
  def test_a_throttle_of_a_connection_in_use
    other = Libcascade.open(@database.uri)
    asked, busy = ::Queue.new, false
    throttle = other.throttle(ask: lambda { |_|
      busy = true
      asked << true
      sleep 0.1
      busy = false
      0
    })
    purge = @connection.purge(@policy, agents(1), throttle: throttle)
    waiting = Thread.new { asked.pop && other.graph && busy }
    purge.run
    refute waiting.value
  ensure
    other&.close
  end

  def test_detach_and_queue
    @connection.queue.install
    policy = Museum.policy(@graph, loans: :detach)
    report = @connection.detach(policy, agents(1), job: { max_attempts: 3 })
    assert_equal [1, 3, 1], [report.deleted, report.detached, report.jobs]
    assert_equal [19, 60], [rows("agent"), rows("loan")]
    job = @connection.queue.purge(@policy, agents(2))
    assert_equal %w[detached purge], @connection.queue.list.map { |found| found[:kind] }
    @connection.queue.cancel(job)
    assert_equal "cancelled", @connection.queue.list(state: :cancelled).first[:state]
    @connection.queue.retry(job)
    done = @connection.queue.worker(owner: "test", &:run)
    assert_equal [2, 2, 13], [done.claimed, done.done, done.deleted]
    assert_equal [18, 54, 54], [rows("agent"), rows("loan"), rows("note")]
    assert_equal 2, @connection.queue.metrics[:jobs][:done]
    assert_match(/CREATE TABLE/i, Libcascade::Queue.ddl(@connection.engine))
  end

  def test_hooks_of_workers
    queue, outbox = @connection.queue.install, @connection.outbox.install
    job = { outbox: true, actor: "jo", columns: { "agent" => "name" }, max_attempts: 2 }
    queue.purge(@policy, agents(1), **job)
    named = []
    keep = lambda do |tables|
      named.concat(tables.find { |table| table.label.end_with?("agent") }&.rows.to_a)
      loans = tables.find { |table| table.label.end_with?("loan") }
      loans && { loans.label => [0] }
    end
    report = queue.worker(before_batch: keep, &:run)
    assert_equal [1, 2, 5], [report.done, report.kept, report.deleted]
    assert_equal [1, [5, 2]], [named.size, queue.list.first.values_at(:deleted, :kept)]
    assert_equal 5, outbox.read.last.size
    assert_equal [["jo", 5, 2, true]], outbox.audit.map { |purge| purge.values_at(:actor, :deleted, :kept, :finished) }

    number = queue.purge(@policy, agents(2), **job)
    assert_equal 1, queue.worker(after_batch: ->(_) { raise "not today" }, &:run).failed
    assert_match(/RuntimeError: not today/, queue.list(after: number - 1).first[:error])
    queue.cancel(number)
    queue.purge(@policy, agents(2), **job)
    assert_raises(Interrupt) { queue.worker(after_commit: ->(_) { raise Interrupt }, &:run) }
    assert_raises(Libcascade::NotFoundError) { queue.worker(columns: { "agent" => "no_such_column" }) }
  end

  def test_fill
    @database.run("CREATE TABLE pair (agent_id BIGINT, loan_id BIGINT, word VARCHAR(30), PRIMARY KEY (agent_id, loan_id))")
    target = { table: "pair", columns: %w[agent_id loan_id], key: %w[agent_id loan_id] }
    graph = @connection.graph
    report = @connection.fill(graph, **target) do |fill|
      fill.select("SELECT agent_id, id FROM loan WHERE agent_id <= ?", 5).run
    end
    assert_equal [true, 15, 0], [report.finished?, report.inserted, report.skipped]
    target[:columns] += ["word"]
    stream = (1..30).map { |n| [(n / 5) + 1, 100 + n, n == 7 ? nil : "wört #{n}"] }
    fill = @connection.fill(graph, **target).stream(stream)
    assert_equal 30, fill.map(&:inserted).sum
    assert_kind_of String, fill.token
    fill.close
    assert_equal 45, rows("pair")
    @connection.queue.install
    Libcascade.open(@database.uri) do |other|
      job = other.queue.fill(@connection.fill(graph, **target).select("SELECT 1, 1, 'x'"))
      assert_equal [job], @connection.queue.list.map { |found| found[:job] }
      @connection.queue.cancel(job)
    end
    assert_equal 1, rows("pair WHERE word IS NULL AND loan_id = 107")
    twice = @connection.fill(graph, **target).stream([[9, 900, "first"]])
    assert_raises(Libcascade::InvalidError) { twice.stream([[9, 901, "second"]]) }
    assert_equal 1, twice.run.inserted # what was given first is still the source
    again = @connection.fill(graph, **target).stream([[1, 1]])
    assert_raises(ArgumentError) { again.run }
    asking = Enumerator.new { |given| given << [8, 800, @connection.plan(@policy, agents(1)).roots.to_s] }
    assert_equal 1, @connection.fill(graph, **target).stream(asking).run.inserted
    failing = @connection.fill(graph, **target).stream(Enumerator.new { |_| raise IOError, "gone" })
    assert_raises(IOError) { failing.run }
  end

  def test_fill_in_ranges_of_texts
    @database.run("CREATE TABLE called (word VARCHAR(30) NOT NULL PRIMARY KEY)")
    fill = @connection.fill(@connection.graph, table: "called", columns: %w[word], key: %w[word], max_tx_rows: 1)
    ranges = fill.select("SELECT 'b' UNION ALL SELECT 'a' UNION ALL SELECT 'c'").to_a
    assert_equal [nil, "c", 3], [ranges.first.after, ranges.last.upto, ranges.sum(&:inserted)]
    ranges.each_cons(2) { |before, after| assert_equal before.upto, after.after }
  end

  def test_values_of_all_types
    bytes, real = { "sqlite" => %w[BLOB REAL], "postgresql" => ["BYTEA", "DOUBLE PRECISION"], "mariadb" => ["VARBINARY(300)",
        "DOUBLE"] }[self.class::ENGINE]
    @database.run("CREATE TABLE thing (k #{bytes} PRIMARY KEY, words VARCHAR(300), number #{real}, amount DECIMAL(12,3))")
    graph = @connection.graph
    keys = [(0..255).to_a.pack("C*"), "\0".b, "'".b, "\\".b, "?".b]
    words = ["a'b\\c\"?`--#\n", "", "ü€😀", "\u0001", "x" * 300]
    rows = keys.zip(words).each_with_index.map { |(key, word), at| [key, word, at + 0.1, BigDecimal("12.5") + at] }
    store(graph, rows)
    rows.each do |key, *values|
      selection = graph.select("thing", where: "k = ? AND words = ? AND number = ? AND amount = ?", parameters: [key, *values])
      assert_equal 1, @connection.plan(graph.policy, selection).roots, values.inspect
    end
    selection = graph.select("thing", keys: keys)
    gone = []
    report = @connection.purge(graph.policy, selection, after_batch: ->(tables) { gone.concat(tables.first.keys.to_a) }).run
    assert_equal [5, keys.sort], [report.deleted, gone.sort]
    assert(gone.all? { |key| key.encoding == Encoding::BINARY })
  end

  def store(graph, rows)
    @connection.fill(graph, table: "thing", columns: %w[k words number amount], key: %w[k]).stream(rows).run
  end

  def test_connection
    assert_equal self.class::ENGINE.to_sym, @connection.engine
    assert_operator @connection.statements, :>, 0
    purge = @connection.purge(@policy, agents(1))
    @connection.close
    @connection.close
    assert_predicate purge, :closed?
    assert_raises(Libcascade::ClosedError) { @connection.graph }
    assert_raises(Libcascade::ClosedError) { purge.next }
  end
end

# In a transaction of Ruby's own session.
module HostTests
  def test_inside_a_transaction_that_is_rolled_back
    @database.execute(@ours, "BEGIN")
    report = @connection.purge(@policy, agents(1, 2, 3)).run
    assert_equal [21, true], [report.deleted, report.finished?]
    assert_equal 17, @database.fetch(@ours, "SELECT COUNT(*) FROM agent").first.first.to_i
    @database.execute(@ours, "ROLLBACK")
    assert_equal [20, 60, 60], [rows("agent"), rows("loan"), rows("note")]
  end

  def test_inside_a_transaction_that_is_committed
    @database.execute(@ours, "BEGIN")
    @database.execute(@ours, "INSERT INTO agent VALUES (99, 'new')")
    assert_raises(Libcascade::BlockedError) { @connection.purge(@graph.policy, agents(1)).run }
    assert_equal 7, @connection.purge(@policy, agents(1)).run.deleted
    @database.execute(@ours, "COMMIT")
    assert_equal [20, 57], [rows("agent"), rows("loan")]
  end

  def test_the_database_says_no
    trigger = { "sqlite" => ["CREATE TRIGGER keep BEFORE DELETE ON note BEGIN SELECT RAISE(ABORT, 'kept'); END"],
                "postgresql" => ["CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS " \
                                 "$$ BEGIN RAISE EXCEPTION 'kept'; END $$",
                                 "CREATE TRIGGER keep BEFORE DELETE ON note FOR EACH ROW EXECUTE FUNCTION keep()"],
                "mariadb" => ["CREATE TRIGGER keep BEFORE DELETE ON note FOR EACH ROW SIGNAL SQLSTATE '45000' " \
                              "SET MESSAGE_TEXT = 'kept'"] }
    @database.run(*trigger[self.class::ENGINE])
    error = assert_raises(Libcascade::BlockedError) { @connection.purge(@policy, agents(1)).run }
    assert_match(/kept/, error.message)
    assert_equal [20, 60, 60], [rows("agent"), rows("loan"), rows("note")]
    refute_predicate @connection.driver, :inside?
  end
end

module SQLiteTests
  def test_cancel_while_another_has_the_lock
    @ours&.busy_timeout(20_000)
    other = @database.connect
    other.execute("BEGIN IMMEDIATE")
    start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    waiting = Thread.new { @connection.purge(@policy, agents(1)).run }
    waiting.report_on_exception = false
    @connection.cancel until waiting.join(0.1) # of which one comes when nothing runs yet
  rescue Libcascade::CancelledError
    assert_operator Process.clock_gettime(Process::CLOCK_MONOTONIC) - start, :<, 10
    other.rollback
    assert_equal 20, rows("agent")
  else
    flunk "not cancelled"
  ensure
    other&.close
  end
end

ENGINES.each do |engine|
  { "Native" => [], "Ruby" => [HostTests] }.each do |kind, more|
    Object.const_set("TestCore#{kind}#{engine.capitalize}", Class.new(Minitest::Test) do
      const_set(:ENGINE, engine)
      include CoreTests
      more.each { |tests| include tests }
      include SQLiteTests if engine == "sqlite"
      if kind == "Native"
        define_method(:connect) { Libcascade.open(@database.uri) }
      else
        define_method(:connect) { Libcascade::Connection.over(@ours = @database.connect) }
      end
    end)
  end
end
