# frozen_string_literal: true

module Libcascade
  # A back-fill: rows of a table made from what other tables say, or from a stream, range by range.
  #
  #   connection.fill(graph, table: "product_user", columns: %w[product_id user_id], key: %w[product_id user_id]) do |fill|
  #     fill.select("SELECT product_id, user_id FROM product_member")
  #     fill.each { |range| puts range.total_inserted }
  #   end
  class Fill < Connection::Child
    kind :fill
    include Enumerable

    RANGE = %i[number after upto rows inserted updated skipped total_inserted total_updated total_skipped nanoseconds retries
               permille].freeze
    Range = Struct.new(*RANGE, keyword_init: true)
    REPORT = %i[finished permille ranges inserted updated skipped retries longest_ns].freeze
    Report = Struct.new(*REPORT, keyword_init: true) do
      alias_method :finished?, :finished
    end
    private_constant :RANGE, :REPORT

    ROWS = Native::Callbacks.function(:int32, %i[pointer uint64 pointer pointer], :give, failed: 1)
    private_constant :ROWS

    # `table`, `columns` and `key` say where the rows go, `range` in whose ranges; the other options are those of
    # `cascade_fill_options`.
    def self.open(connection, graph, table:, columns:, key:, range: nil, **options, &block)
      target = Native::FillTarget.make(table: table.to_s, columns: Native.texts_pointer(columns), column_count: columns.size,
                                       key: Native.texts_pointer(key), key_count: key.size, range: range&.to_s)
      options[:mode] &&= FILL_MODE.number(options[:mode])
      options[:allow] &&= ALLOW.bits(options[:allow])
      others = [options[:throttle]].compact
      options[:throttle] &&= Throttle.expect(options[:throttle]).to_ptr
      made = Native::FillOptions.make(**options)
      pointer = connection.fetch(:fill_free, :fill_new, Graph.expect(graph), target, made, with: others)
      open_with(new(pointer, connection, columns.size).hold(*others), &block)
    end

    def initialize(pointer, connection, width)
      super(pointer, connection)
      @width = width
    end

    # Adds a source: a SELECT that gives the target's columns.
    def select(sql, *parameters)
      call(:fill_select, Native.utf8(sql), Value.pack(parameters), parameters.size)
      self
    end

    # Makes an Enumerable the source: of rows, which are arrays.
    def stream(rows)
      stream = Stream.new(rows, @width)
      call(:fill_stream, ROWS, Native::Callbacks.register(stream))
      @stream = stream
      self
    end

    # Gives the rows of an Enumerable to the library, when it asks.
    class Stream
      def initialize(rows, width)
        @rows, @width = rows.each_entry, width
      end

      def give(wanted, cells, count)
        taken = take([wanted, 10_000].min)
        @memory = Value.pack(taken.flatten(1))
        cells.write_pointer(@memory)
        count.write_uint64(taken.size)
        Native::Callbacks.out_of_time? ? 1 : 0
      end

      private

      def take(wanted)
        taken = []
        taken << check(@rows.next) while taken.size < wanted
        taken
      rescue StopIteration
        taken
      end

      def check(row)
        return row if row.is_a?(Array) && row.size == @width

        raise ArgumentError, "the row #{row.inspect} has not #{@width} values"
      end
    end
    private_constant :Stream

    # Does one range, and gives it; nil when nothing is left to do, or a budget is used up.
    def next
      within do
        out = FFI::MemoryPointer.new(:pointer)
        call(:fill_next, out) == Native::CONSTANTS["CASCADE_DONE"] ? nil : read(Native::FillRange.new(out.read_pointer))
      end
    end

    # Does all ranges, and gives each when it is committed.
    def each
      return enum_for(:each) unless block_given?

      while (range = self.next)
        yield range
      end
      self
    end

    # Does all ranges, and closes the fill.
    def run(&block)
      each(&(block || proc {}))
      report
    ensure
      close
    end

    # Stops the fill, from any thread: #next rolls its range back and raises CancelledError.
    def cancel
      Native.fill_cancel(self) unless closed?
    end

    def report
      info = describe(Native::FillReport, :fill_describe)
      Report.new(**info.to_h(*REPORT), finished: info[:finished] == 1).freeze
    end

    # Where the fill stands, for another one of the same target and sources.
    def token
      within { Native.fetch_text(:fill_token, self) }
    end

    # Puts the fill into the queue; see Queue#fill.
    def put_into_queue(options, job)
      call(:queue_fill, options, job)
    end

    private

    # `after` and `upto` of a range column that is not one of integers are its values.
    def read(info)
      range = Range.new(**info.to_h(*RANGE))
      keys = [info[:after_key], info[:upto_key]]
      range.after, range.upto = keys.map { |key| key.null? ? nil : Value.unpack(key, 1).first } unless keys.last.null?
      range.freeze
    end
  end
end
