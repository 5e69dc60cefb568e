# frozen_string_literal: true

module Libcascade
  # What a hook may ask of the purge that calls it, and say to it: of Purge and of Worker.
  module Told
    # Inside a hook: of each row of the table at a position, the columns that were asked for.
    def rows(position)
      info = Native.describe(Native::RowColumns, :purge_row_columns, at_work, position)
      width = info[:column_count]
      return [].freeze if width.zero?

      Value.unpack(info[:cells], info[:row_count] * width).each_slice(width).map(&:freeze).freeze
    end

    # Inside before_batch: keeps rows of the table at a position, by their positions.
    def veto(position, rows)
      array = FFI::MemoryPointer.new(:uint64, [rows.size, 1].max).write_array_of_uint64(rows)
      Purge.local(:purge_veto, at_work, position, array, rows.size)
    end

    # Inside a hook that is about to fail: what it is about, for the message.
    def blame(table, reason)
      Purge.local(:purge_blame, at_work, table, reason)
    end
  end

  # Hooks that the library calls.
  class Hooks
    FUNCTIONS = %i[before_batch after_batch after_commit].to_h do |name|
      [name, Native::Callbacks.function(:int32, %i[pointer pointer uint32], name, failed: 1)]
    end.freeze
    private_constant :FUNCTIONS

    # Columns by tables, as options of C.
    def self.columns(given)
      pairs = given.flat_map { |table, names| Array(names).map { |name| [table.to_s, name.to_s] } }
      return {} if pairs.empty?

      { column_count: pairs.size, column_tables: Native.texts_pointer(pairs.map(&:first)),
        columns: Native.texts_pointer(pairs.map(&:last)) }
    end

    # What they are told of: a Told.
    attr_writer :purge

    def initialize(functions)
      @functions = functions.compact
    end

    # As options of C.
    def options
      @functions.empty? ? {} : { **FUNCTIONS.slice(*@functions.keys), hook_data: Native::Callbacks.register(self) }
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
        Purge::Deleted.new(table: table[:table], label: table.text(:label), keys: Keys.at(table[:keys]),
            rows: @purge.rows(at)).freeze
      end.freeze
    end
  end

  # Hooks of a worker: what they raise is the failure of a job, which keeps it as its reason.
  class JobHooks < Hooks
    %i[before_batch after_batch after_commit].each do |name|
      define_method(name) do |tables, count|
        super(tables, count)
      rescue StandardError => e
        @purge.blame(nil, "#{e.class}: #{e.message}".scrub.tr("\0", " "))
        1
      end
    end
  end
  private_constant :Told, :Hooks, :JobHooks
end
