# frozen_string_literal: true

module Libcascade
  # A delete that is under way: batch by batch, in short transactions, to be stopped and taken up again at any time.
  #
  #   connection.purge(policy, selection) { |purge| purge.each { |batch| puts batch.total_deleted } }
  #   connection.purge(policy, selection).run # => a Report
  class Purge < Connection::Child
    kind :purge
    include Enumerable

    BATCH = %i[number deleted updated total_deleted total_updated roots_done roots_expected nanoseconds retries table].freeze
    Batch = Struct.new(*BATCH, keyword_init: true)
    REPORT = %i[finished batches deleted updated retries longest_ns].freeze
    # `tables` has, for the label of each table, a TableReport.
    Report = Struct.new(*REPORT, :tables, keyword_init: true) do
      alias_method :finished?, :finished
    end
    TableReport = Struct.new(:deleted, :updated, keyword_init: true)
    # What a hook is told of one table: its number in the graph, its label, the keys of the rows.
    Deleted = Struct.new(:table, :label, :keys, keyword_init: true)
    private_constant :BATCH, :REPORT

    AFTER_BATCH = Native::Callbacks.function(:int32, %i[pointer pointer uint32], :after_batch, failed: 1)
    private_constant :AFTER_BATCH

    class << self
      # Options are those of `cascade_purge_options`. `after_batch` is called with an array of Deleted inside each batch's transaction; what it
      # raises rolls the batch back, and comes out of #next.
      def open(connection, policy, selection, after_batch: nil, **options, &block)
        hooks = Hooks.new(after_batch)
        pointer = connection.fetch(:purge_free, :purge_new, Policy.expect(policy), Selection.expect(selection), make(options, hooks))
        open_with(new(pointer, connection, hooks), &block)
      end

      private

      def make(options, hooks)
        options = options.dup
        options[:allow] &&= ALLOW.bits(options[:allow])
        options[:integrity] &&= INTEGRITY.number(options[:integrity])
        options.update(after_batch: AFTER_BATCH, hook_data: Native::Callbacks.register(hooks)) if hooks.any?
        Native::PurgeOptions.make(**options)
      end
    end

    # What the library calls.
    class Hooks
      def initialize(after_batch)
        @after_batch = after_batch
      end

      def any?
        !@after_batch.nil?
      end

      def after_batch(tables, count)
        @after_batch.call(read(tables, count))
        Native::Callbacks.out_of_time? ? 1 : 0
      end

      private

      def read(tables, count)
        Array.new(count) do |at|
          table = Native::Deleted.new(tables + (at * Native::Deleted.size))
          Deleted.new(table: table[:table], label: table.text(:label), keys: Keys.at(table[:keys])).freeze
        end.freeze
      end
    end
    private_constant :Hooks

    def initialize(pointer, connection, hooks)
      super(pointer, connection)
      @hooks = hooks
    end

    # Does one batch, and gives it; nil when nothing is left to do, or a budget is used up.
    def next
      @connection.within do
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

    # Stops the purge, from any thread: #next rolls its batch back and raises CancelledError.
    def cancel
      Native.purge_cancel(self)
    end

    # What was done so far.
    def report
      info = Native.describe(Native::PurgeReport, :purge_describe, self)
      tables = Array.new(info[:table_count]) { |at| Native.describe(Native::TableReport, :purge_table, self, at) }
      Report.new(**info.to_h(*REPORT), finished: info[:finished] == 1,
                 tables: tables.to_h { |table| [table.text(:label), TableReport.new(**table.to_h(:deleted, :updated)).freeze] }.freeze).freeze
    end

    private

    def read(info)
      Batch.new(**info.to_h(*BATCH)).freeze
    end
  end
end
