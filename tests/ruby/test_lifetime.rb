# frozen_string_literal: true

# Objects come and go: in any order, in other threads and processes, and at the end of the interpreter.

require_relative "helper"
require "timeout"

module LifetimeTests
  def setup
    @database = Database.of("sqlite")
    @database.run(*Museum::TABLES, *Museum.rows)
  end

  def teardown
    @database.drop
  end

  def memory
    GC.start
    File.read("/proc/self/statm").split[1].to_i * 4096
  end

  def purge_one(connection, key)
    graph = connection.graph
    connection.purge(Museum.policy(graph), graph.select("agent", keys: [key]))
  end

  def use(connection)
    graph = connection.graph
    policy = Museum.policy(graph)
    selection = graph.select("agent", keys: [1])
    connection.blockers(policy, selection) { |cursor| assert_equal 3, cursor.next.keys.size }
    connection.probe(policy, selection)
    graph
  end

  def open_files
    Dir.children("/proc/self/fd").size
  end

  def test_ten_thousand_are_opened_and_closed_in_flat_memory
    cycle = proc do |number|
      session(@database) { |connection| number % 50 == 0 ? use(connection).close : connection.engine }
    end
    1000.times(&cycle)
    files, before = open_files, memory
    9000.times(&cycle)
    grown = memory - before
    assert_operator grown, :<, 6 << 20, "grown by #{grown} bytes in 9,000 cycles"
    assert_operator open_files, :<=, files
  end

  # Nothing is closed: what Ruby collects is freed, the sessions included.
  def test_what_is_collected_is_freed
    20.times { 10.times { use(connect(@database)) } && GC.start }
    GC.start
    files, before = open_files, memory
    40.times { 10.times { purge_one(connect(@database), 1) } && GC.start }
    2.times { GC.start }
    assert_operator open_files, :<=, files + 24
    assert_operator memory - before, :<, 8 << 20
  end

  # Where Ruby finalizes by itself, no lock can be taken.
  def test_what_ruby_collects_at_its_own_time_is_freed
    files = open_files
    _, err = capture_subprocess_io { 2500.times { connect(@database).graph } }
    assert_empty err
    assert_operator open_files, :<, files + 1500
  end

  def test_nothing_is_made_of_what_is_no_pointer
    [3, nil, "graph", Libcascade.open(@database.uri, &:graph)].each do |given|
      [Libcascade::Graph, Libcascade::Policy].each { |kind| assert_raises(TypeError) { kind.new(given) } }
    end
  end

  def test_collected_in_any_order
    GC.stress = false
    random = Random.new(11)
    60.times do
      connection = connect(@database)
      graph = connection.graph
      policy = Museum.policy(graph)
      selection = graph.select("agent", keys: [1])
      objects = [graph, policy, selection, connection.plan(policy, selection), connection.blockers(policy, selection),
                 connection.purge(policy, selection, after_batch: ->(_) { nil }), connection]
      connection = graph = policy = selection = nil
      objects.shuffle!(random: random)
      GC.start(full_mark: random.rand < 0.5) while objects.pop
    end
    pass
  end

  # Two threads with one connection wait for each other; with two they work side by side.
  def test_threads
    [connect(@database), nil].each do |shared|
      found = Array.new(4) do |number|
        Thread.new do
          connection = shared || connect(@database)
          Array.new(15) { use(connection).tables.size }.uniq + [number]
        end
      end.map(&:value)
      assert_equal [0, 1, 2, 3].map { |number| [3, number] }, found
    end
  end

  # Timeout throws in this Ruby, over whatever is in its way: here it waits for the hook, and the batch is rolled back.
  def test_a_timeout
    connection = connect(@database)
    slow = purge_with_hook(connection) { |_| sleep 0.5 }
    assert_raises(Timeout::Error) { Timeout.timeout(0.1) { slow.run } }
    slow = purge_with_hook(connection) { |_| sleep }
    assert_raises(IOError) { Timeout.timeout(0.1, IOError) { slow.run } }
    assert_equal 20, @database.value("SELECT COUNT(*) FROM agent")
  end

  # It waits for the hook as a Timeout does; then the batch is rolled back, and the thread ends as killed threads do.
  def test_a_thread_is_killed
    connection = connect(@database)
    inside, seen = Queue.new, []
    slow = purge_with_hook(connection) do |_|
      inside << true
      sleep 0.2
      seen << :hook
    end
    thread = Thread.new do
      slow.run
      seen << :went_on
    rescue Exception # rubocop:disable Lint/RescueException
      seen << :rescued
    ensure
      seen << :ensured
    end
    inside.pop
    assert_same thread, thread.kill.join(10)
    assert_equal [%i[hook ensured], false], [seen, thread.status]
    assert_equal 20, @database.value("SELECT COUNT(*) FROM agent")
    assert_equal 7, purge_one(connection, 1).run.deleted
  end

  def test_a_hook_cannot_leave_its_thread
    connection = connect(@database)
    error = Thread.new do
      purge_with_hook(connection) { |_| Thread.exit }.run
    rescue LocalJumpError => e
      e
    end.value
    assert_match(/Thread\.exit/, error.message)
    assert_equal 20, @database.value("SELECT COUNT(*) FROM agent")
  end

  def purge_with_hook(connection, &hook)
    graph = connection.graph
    connection.purge(Museum.policy(graph), graph.select("agent", keys: [1]), after_batch: hook)
  end

  # A fork has the parent's memory, not its sessions.
  def test_fork
    connection = connect(@database)
    purge = purge_one(connection, 1)
    reader, writer = IO.pipe
    child = fork do
      reader.close
      said = begin
        purge.next
      rescue Libcascade::ForkedError => e
        e.message
      end
      purge.close
      connection.close
      purge = connection = nil
      2.times { GC.start }
      Libcascade.open(@database.uri) { |own| said += " #{own.graph.tables.size}" }
      writer.puts said
      writer.close
      exit!(0)
    end
    writer.close
    assert_match(/was made by process #{Process.pid}.* 3\z/, reader.read.chomp)
    Process.wait(child)
    assert_predicate $?, :success?
    assert_equal 7, purge.next.deleted
    connection.close
  end

  EXIT = <<~'CODE'
    require "libcascade"
    require "sqlite3"
    kind, path = ARGV
    host = SQLite3::Database.new(path)
    host.execute("PRAGMA foreign_keys = ON")
    connection = kind == "native" ? Libcascade.open("sqlite:#{path}") : Libcascade::Connection.over(host)
    $graph = connection.graph
    policy = $graph.policy([{ table: "note", columns: "loan_id", rule: :cascade }])
    selection = $graph.select("agent", keys: [1])
    $open = [connection.blockers(policy, selection), connection.purge(policy, selection, after_batch: ->(_) { exit 7 })]
    connection.queue.install
    $worker = connection.queue.worker
    case ARGV[2]
    when "inside" then $open.last.next
    when "thread" then Thread.new { $open.last.each { nil } } && sleep(0.02)
    when "abort" then raise "end"
    end
  CODE

  def test_the_interpreter_ends_with_open_handles
    kind = self.class.name.include?("Native") ? "native" : "ruby"
    { "" => 0, "inside" => 7, "abort" => 1, "thread" => [0, 7] }.each do |way, wanted|
      _, err, status = ruby(EXIT, kind, @database.path, way)
      assert_predicate status, :exited?, "#{way}: #{status.inspect} #{err}"
      assert_includes Array(wanted), status.exitstatus, "#{way}: #{err}"
      assert_empty err unless way == "abort"
    end
  end
end

class TestLifetimeNative < Minitest::Test
  include LifetimeTests

  def connect(database)
    Libcascade.open(database.uri)
  end

  def session(database, &block)
    Libcascade.open(database.uri, &block)
  end
end

class TestLifetimeRuby < Minitest::Test
  include LifetimeTests

  def connect(database)
    Libcascade::Connection.over(database.connect)
  end

  # The host's session stays open.
  def session(database, &block)
    @ours ||= database.connect
    Libcascade::Connection.over(@ours, &block)
  end
end

class TestLog < Minitest::Test
  def test_lines_and_exceptions_of_a_log
    database = Database.of("sqlite")
    database.run(*Museum::TABLES, *Museum.rows)
    lines = []
    context = Libcascade::Context.new(log: ->(level, line) { lines << [level, line] }, level: :debug)
    Libcascade.open(database.uri, context: context) { |connection| connection.graph.close }
    assert(lines.any? { |level, line| level == :debug && line.match?(/select/i) }, lines.inspect)
    context = Libcascade::Context.new(log: ->(*) { raise IOError, "disk is full" }, level: :debug)
    assert_raises(IOError) { Libcascade.open(database.uri, context: context, &:graph) }
  ensure
    database.drop
  end

  # What a log raises when an object ends is told by #close, and never by a call that comes afterwards.
  def test_exceptions_of_a_log_at_the_end
    database = Database.of("sqlite")
    database.run(*Museum::TABLES, *Museum.rows)
    angry = false
    context = Libcascade::Context.new(log: ->(*) { raise IOError, "disk is full" if angry }, level: :debug)
    connection = Libcascade.open(database.uri, context: context)
    graph = connection.graph
    settings = -> { connection.purge(Museum.policy(graph), graph.select("agent", keys: [1]), integrity: :proven) }
    purge = settings.call
    angry = true
    assert_raises(IOError) { purge.close }
    assert_predicate purge, :closed?
    angry = false
    assert_equal 3, graph.tables.size
    settings.call
    angry = true
    GC.start
    angry = false
    assert_equal 3, connection.graph.tables.size
    connection.close
  ensure
    database.drop
  end
end
