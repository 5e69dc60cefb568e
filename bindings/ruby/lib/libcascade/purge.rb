# frozen_string_literal: true

module Libcascade
  # A delete that is under way: batch by batch, in short transactions, to be stopped and taken up again at any time.
  #
  #   connection.purge(policy, selection) { |purge| purge.each { |batch| puts batch.total_deleted } }
  #   connection.purge(policy, selection).run # => a Report
  class Purge < Connection::Child
    kind :purge
    include Enumerable
    include Told

    BATCH = %i[number deleted updated total_deleted total_updated roots_done roots_expected nanoseconds retries table].freeze
    Batch = Struct.new(*BATCH, keyword_init: true)
    REPORT = %i[finished batches deleted updated retries longest_ns vetoed kept].freeze
    # `tables` has, for the label of each table, a TableReport.
    Report = Struct.new(*REPORT, :tables, keyword_init: true) do
      alias_method :finished?, :finished
    end
    TableReport = Struct.new(:deleted, :updated, :vetoed, :kept, keyword_init: true)
    # What a hook is told of one table: its number in the graph, its label, the keys of the rows, and of each row the columns
    # that were asked for, as an array.
    Deleted = Struct.new(:table, :label, :keys, :rows, keyword_init: true)
    private_constant :BATCH, :REPORT

    class << self
      # Options are those of `cascade_purge_options`. `before_batch` and `after_batch` are called with an array of Deleted
      # inside each batch's transaction; what they raise rolls the batch back, and comes out of #next. `before_batch` gives nil,
      # or the positions of rows that are to stay by the labels of their tables. `after_commit` is called after COMMIT.
      # `columns` has names of columns by tables, for the hooks.
      def open(connection, policy, selection, before_batch: nil, after_batch: nil, after_commit: nil, columns: {}, **options,
          &block)
        hooks = Hooks.new(before_batch: before_batch, after_batch: after_batch, after_commit: after_commit)
        made, others = make(options.merge(Hooks.columns(columns), hooks.options)), options.values_at(:throttle, :archive).compact
        pointer = connection.fetch(:purge_free, :purge_new, Policy.expect(policy), Selection.expect(selection), made, with: others)
        open_with(hooks.purge = new(pointer, connection, hooks).hold(*others), &block)
      end

      private

      def make(options)
        options[:allow] &&= ALLOW.bits(options[:allow])
        options[:integrity] &&= INTEGRITY.number(options[:integrity])
        options[:throttle] &&= Throttle.expect(options[:throttle]).to_ptr
        options[:archive] &&= Archive.expect(options[:archive]).to_ptr
        Native::PurgeOptions.make(**options)
      end
    end

    def initialize(pointer, connection, hooks)
      super(pointer, connection)
      @hooks = hooks
    end

    # Does one batch, and gives it; nil when nothing is left to do, or a budget is used up.
    def next
      within do
        out = FFI::MemoryPointer.new(:pointer)
        call(:purge_next, out) == Native::CONSTANTS["CASCADE_DONE"] ? nil : read(Native::BatchInfo.new(out.read_pointer))
      end
    end

    # Does all batches, and gives each when it is committed.
    def each
      return enum_for(:each) unless block_given?

      while (batch = self.next)
        yield batch
      end
      self
    end

    # Does all batches, and closes the purge.
    def run(&block)
      each(&(block || proc {}))
      report
    ensure
      close
    end

    # Keys of the rows of a table that stayed, by its number in the graph: those that were vetoed, and those that stayed with
    # vetoed ones.
    def stayed(table)
      lists = Array.new(2) { FFI::MemoryPointer.new(:pointer) }
      within do
        Libcascade::Purge.local(:purge_kept, self, table, *lists)
        lists.map { |list| Keys.at(list.read_pointer) }
      end
    end

    def self.local(function, *arguments)
      status = Native.public_send(function, *arguments)
      raise Error.of(status, "#{function}: not now, or out of range") if status.negative?
    end

    # Stops the purge, from any thread: #next rolls its batch back and raises CancelledError.
    def cancel
      Native.purge_cancel(self) unless closed?
    end

    # What a hook talks to: see Told.
    def at_work
      self
    end

    # What was done so far.
    def report
      within do
        info = describe(Native::PurgeReport, :purge_describe)
        tables = Array.new(info[:table_count]) { |at| table_report(describe(Native::TableReport, :purge_table, at)) }
        Report.new(**info.to_h(*REPORT), finished: info[:finished] == 1, tables: tables.to_h.freeze).freeze
      end
    end

    private

    def table_report(info)
      [info.text(:label), TableReport.new(**info.to_h(:deleted, :updated, :vetoed, :kept)).freeze]
    end

    def read(info)
      Batch.new(**info.to_h(*BATCH)).freeze
    end
  end
end
