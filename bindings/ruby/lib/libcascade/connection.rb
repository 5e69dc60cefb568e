# frozen_string_literal: true

module Libcascade
  # A session of a database. Several threads may have it; they wait for each other.
  class Connection < Handle
    kind :connection

    class << self
      # Opens a session by URI: "sqlite:museum.db", "postgresql://...", "mariadb://...", "dbi:pgsql?...". Never makes a database.
      # With a block, the session is closed at its end. `lock_timeout_ms`: how long a statement waits for a lock.
      def open(uri, context: Context.default, lock_timeout_ms: nil, &block)
        open_with(make(context, :connection_open, lock_timeout_ms, Native.utf8(uri)), &block)
      end

      # Uses a session of the host's that a driver of the library knows: "sqlite3", "pq", "mariadb" or "dbi", and the address of
      # its handle, which must outlive the connection.
      def adopt(driver, handle, context: Context.default, lock_timeout_ms: nil, &block)
        handle = FFI::Pointer.new(handle) if handle.is_a?(Integer)
        open_with(make(context, :connection_adopt, lock_timeout_ms, driver.to_s, handle), &block)
      end

      # Uses a session of Ruby's: a PG::Connection, an SQLite3::Database, a Mysql2::Client, or a Driver. What the library does
      # then happens in that session's transaction, if it has one.
      def over(session, context: Context.default, &block)
        driver = Driver.for(session)
        open_with(make(context, :connection_new, nil, Driver::TABLE, driver.register, driver: driver), &block)
      end

      private

      def make(context, function, lock_timeout_ms, *arguments, driver: nil)
        options = lock_timeout_ms && Native::ConnectionOptions.make(lock_timeout_ms: lock_timeout_ms)
        pointer = Native.fetch(:connection_free, function, Context.expect(context), *arguments, options)
        new(pointer, context, driver)
      end
    end

    def initialize(pointer, context, driver)
      super(pointer, Session.new)
      @context, @driver = context, driver
    end
    private_class_method :new

    # Closes the session, and what was made from it. One that was adopted stays open for the host.
    def close
      raised = @session.free_objects
      super
      raise raised if raised
    end

    # :sqlite, :postgresql or :mariadb.
    def engine
      Native.connection_engine(self).to_sym
    end

    # Statements sent so far.
    def statements
      within { Native.connection_statements(self) }
    end

    # Stops the call that runs in another thread, or the next one: it raises CancelledError.
    def cancel
      Native.connection_cancel(self) unless closed?
    end

    # Reads the graph of tables and foreign keys.
    def graph
      Graph.new(fetch(:graph_free, :graph_read, nil))
    end

    # What a purge would do. `max_rows`: rows to look at before counting stops.
    def plan(policy, selection, **options)
      Plan.new(fetch(:plan_free, :plan_new, Policy.expect(policy), Selection.expect(selection),
          Native::PlanOptions.make(**options)))
    end

    # A cursor over what stands in the way of a delete. See Blockers.
    def blockers(policy, selection, **options, &block)
      Blockers.open(self, policy, selection, **options, &block)
    end

    # The same as one JSON text, in the :native profile or that of :specify.
    def blockers_json(policy, selection, profile: :native, **options)
      call_for_text(:blockers_json, Policy.expect(policy), Selection.expect(selection), Blockers.options(policy, options),
                    PROFILE.number(profile))
    end

    # Whether the selection can be deleted: a Probe with the answer and, if it is :blocked, a relation that blocks.
    def probe(policy, selection, max_rows: 0)
      answer, relation = FFI::MemoryPointer.new(:int32), FFI::MemoryPointer.new(:uint32)
      call(:blockers_probe, Policy.expect(policy), Selection.expect(selection), max_rows, answer, relation)
      answer = PROBE.symbol(answer.read_int32)
      Probe.new(answer, answer == :blocked ? policy.relation(relation.read_uint32) : nil).freeze
    end

    # Prepares a purge, and examines it. Changes nothing. See Purge.
    def purge(policy, selection, **options, &block)
      Purge.open(self, policy, selection, **options, &block)
    end

    # Deletes rows now, and leaves what hangs on them by relations of the rule :detach to the queue. `job` has options of
    # Queue#purge for that. A DetachReport.
    def detach(policy, selection, **options)
      report = Native::DetachReport.make
      call(:detach, Policy.expect(policy), Selection.expect(selection), Queue.detach_options(options), report)
      DetachReport.new(**report.to_h(:deleted, :updated, :detached, :jobs, :job)).freeze
    end

    # The outbox in this database.
    def outbox
      Outbox.new(self)
    end

    # The queue in this database.
    def queue
      Queue.new(self)
    end

    # What paces purges, fills and workers. See Throttle.
    def throttle(**options, &block)
      Throttle.open(self, **options, &block)
    end

    # Where purges copy rows to before they go. See Archive.
    def archive(**places, &block)
      Archive.open(self, **places, &block)
    end

    # A back-fill of a table. See Fill.
    def fill(graph, **target, &block)
      Fill.open(self, graph, **target, &block)
    end

    # Calls a function of the library whose first argument is the connection, while no other thread does.
    def call(function, *arguments)
      within { Native.call(function, self, *arguments) }
    end

    def call_for_text(function, *arguments)
      within { Native.fetch_text(function, self, *arguments) }
    end

    # `with`: what the library works with besides.
    def fetch(free, function, *arguments, with: [])
      within(*with) { Native.fetch(free, function, self, *arguments) }
    end

    # Runs a block while no other thread uses the session, nor those of other objects.
    def within(*others, &block)
      Session.together([@session, *others.compact.map { |other| other.session }], &block) # rubocop:disable Style/SymbolProc
    end

    # Whether what is deleted with this connection runs in Ruby's own driver.
    attr_reader :driver

    attr_reader :context

    # An object that belongs to a connection, and keeps it.
    class Child < Handle
      def initialize(pointer, connection)
        super(pointer, connection.session)
        @connection, @others = connection, []
      end

      # Keeps objects alive that the library knows of. Those of other sessions are in use when this is.
      def hold(*objects)
        @held = objects
        @others = objects.grep(Child)
        self
      end

      private

      # Runs a block while no other thread uses what this is at work with.
      def within(&block)
        @connection.within(*@others, &block)
      end

      def call(function, *arguments)
        within { Native.call(function, self, *arguments) }
      end

      def describe(record, function, *arguments)
        within { Native.describe(record, function, self, *arguments) }
      end
    end

    Probe = Struct.new(:answer, :relation) do
      def deletable?
        answer == :deletable
      end
    end
  end

  DetachReport = Struct.new(:deleted, :updated, :detached, :jobs, :job, keyword_init: true)
end
