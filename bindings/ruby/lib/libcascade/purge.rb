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

    HOOKS = %i[before_batch after_batch after_commit].to_h do |name|
      [name, Native::Callbacks.function(:int32, %i[pointer pointer uint32], name, failed: 1)]
    end.freeze
    private_constant :HOOKS

    class << self
      # Options are those of `cascade_purge_options`. `before_batch` and `after_batch` are called with an array of Deleted
      # inside each batch's transaction; what they raise rolls the batch back, and comes out of #next. `before_batch` gives nil,
      # or the positions of rows that are to stay by the labels of their tables. `after_commit` is called after COMMIT.
      # `columns` has names of columns by tables, for the hooks.
      def open(connection, policy, selection, before_batch: nil, after_batch: nil, after_commit: nil, columns: {}, **options,
          &block)
        hooks = Hooks.new(before_batch: before_batch, after_batch: after_batch, after_commit: after_commit)
        options = with_columns(options, columns)
        pointer = connection.fetch(:purge_free, :purge_new, Policy.expect(policy), Selection.expect(selection), make(options,
            hooks))
        open_with(hooks.purge = new(pointer, connection, hooks).hold(options[:throttle]), &block)
      end

      private

      def make(options, hooks)
        options = options.dup
        options[:allow] &&= ALLOW.bits(options[:allow])
        options[:integrity] &&= INTEGRITY.number(options[:integrity])
        options[:throttle] &&= Throttle.expect(options[:throttle]).to_ptr
        options.update(HOOKS.slice(*hooks.names), hook_data: Native::Callbacks.register(hooks)) if hooks.names.any?
        Native::PurgeOptions.make(**options)
      end

      def with_columns(options, columns)
        pairs = columns.flat_map { |table, names| Array(names).map { |name| [table.to_s, name.to_s] } }
        return options if pairs.empty?

        options.merge(column_count: pairs.size, column_tables: Native.texts_pointer(pairs.map(&:first)),
            columns: Native.texts_pointer(pairs.map(&:last)))
      end
    end

    # What the library calls.
    class Hooks
      attr_writer :purge

      def initialize(functions)
        @functions = functions.compact
      end

      def names
        @functions.keys
      end

      def before_batch(tables, count)
        told = read(tables, count)
        vetoed = @functions[:before_batch].call(told)
        return outcome unless vetoed.is_a?(Hash)

        vetoed.each { |label, rows| @purge.veto(told.index { |table| table.label == label.to_s } || count, rows) }
        outcome
      end

      def after_batch(tables, count)
        @functions[:after_batch].call(read(tables, count))
        outcome
      end

      def after_commit(tables, count)
        @functions[:after_commit].call(read(tables, count))
        outcome
      end

      private

      def outcome
        Native::Callbacks.out_of_time? ? 1 : 0
      end

      def read(tables, count)
        Array.new(count) do |at|
          table = Native::Deleted.new(tables + (at * Native::Deleted.size))
          Deleted.new(table: table[:table], label: table.text(:label), keys: Keys.at(table[:keys]), rows: @purge.rows(at)).freeze
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

    # Keys of the rows of a table that stayed, by its number in the graph: those that were vetoed, and those that stayed with
    # vetoed ones.
    def stayed(table)
      lists = Array.new(2) { FFI::MemoryPointer.new(:pointer) }
      Libcascade::Purge.local(:purge_kept, self, table, *lists)
      lists.map { |list| Keys.at(list.read_pointer) }
    end

    # Inside a hook: of each row of the table at a position, the columns that were asked for.
    def rows(position)
      info = Native.describe(Native::RowColumns, :purge_row_columns, self, position)
      width = info[:column_count]
      return [].freeze if width.zero?

      Value.unpack(info[:cells], info[:row_count] * width).each_slice(width).map(&:freeze).freeze
    end

    # Inside before_batch: keeps rows of the table at a position, by their positions.
    def veto(position, rows)
      array = FFI::MemoryPointer.new(:uint64, [rows.size, 1].max).write_array_of_uint64(rows)
      Libcascade::Purge.local(:purge_veto, self, position, array, rows.size)
    end

    # Inside a hook that is about to fail: what it is about, for the message.
    def blame(table, reason)
      Libcascade::Purge.local(:purge_blame, self, table, reason)
    end

    def self.local(function, *arguments)
      status = Native.public_send(function, *arguments)
      raise Error.of(status, "#{function}: not now, or out of range") if status.negative?
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
                 tables: tables.to_h { |table| [table.text(:label), TableReport.new(**table.to_h(:deleted, :updated, :vetoed,
                     :kept)).freeze] }.freeze).freeze
    end

    private

    def read(info)
      Batch.new(**info.to_h(*BATCH)).freeze
    end
  end
end
