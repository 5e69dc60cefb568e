# frozen_string_literal: true

module Libcascade
  # A driver in Ruby, over a session that Ruby has: the functions of cascade/driver.h.
  #
  # A subclass says what it can do (#engine, #version, #flags, #max_parameters), runs statements (#run, #rows), knows whether a
  # transaction is open (#inside?), and tells the library what an exception of its database means (#failure).
  class Driver
    STATUS = Native::CONSTANTS.transform_keys { |name| name.delete_prefix("CASCADE_") }.freeze
    OK, DONE, DATABASE = STATUS.values_at("OK", "DONE", "DATABASE")
    CHANGES = /\A\s*(?:set statement max_statement_time = [\d.]+ for )?(?:delete|insert|replace|update|with)\b/i.freeze
    # What has to be done when time is over, too.
    UNDOES = /\A\s*(?:rollback|release|set(?! statement)|pragma)\b/i.freeze
    private_constant :UNDOES

    # A statement, as Ruby has it. `types` are the wanted types of the result's columns.
    Statement = Struct.new(:sql, :parameters, :types) do
      def self.at(pointer)
        statement = Native::Statement.new(pointer)
        sql = statement[:sql].read_bytes(statement[:sql_length]).force_encoding(Encoding::UTF_8)
        columns = statement[:column_count]
        new(sql, typed(statement), columns.zero? ? [] : statement[:column_types].read_array_of_int32(columns))
      end

      # Pairs of type and value. Values are copied: some are used when the statement has long been left.
      def self.typed(statement)
        count = statement[:parameter_count]
        return [] if count.zero?

        statement[:parameters].get_bytes(0, count * Value::SIZE).unpack(Value::FORM * count).each_slice(6).map do |type, _, *rest|
          [type, Value.read(type, *rest)]
        end
      end

      def changes?
        CHANGES.match?(sql)
      end
    end

    # What a failed statement is to the library.
    class Refusal < StandardError
      attr_reader :status

      def initialize(status, message)
        super(message)
        @status = STATUS.fetch(status)
      end
    end

    KINDS = { "PG::Connection" => "postgresql", "SQLite3::Database" => "sqlite3", "Mysql2::Client" => "mysql2" }.freeze
    private_constant :KINDS

    class << self
      # The driver for a session, which may be one itself.
      def for(session)
        return session if session.is_a?(Driver)

        kind = KINDS.values_at(*session.class.ancestors.map(&:name)).compact.first
        raise TypeError, "no driver for a #{session.class}; there are drivers for #{KINDS.keys.join(", ")}" unless kind

        require_relative "drivers/#{kind}"
        const_get(:BY_KIND).fetch(kind).new(session)
      end
    end
    BY_KIND = {} # rubocop:disable Style/MutableConstant

    attr_reader :session

    def initialize(session)
      @session = session
      @cursors = {}
      @last = 0
    end

    # The library's first argument for all operations.
    def register
      @self ||= Native::Callbacks.register(self)
    end

    # --- called by the library

    def tell_capabilities(pointer, error)
      attempt(error) do
        known = Native::Capabilities.new(pointer)
        @words ||= [Native.text_pointer(engine), Native.text_pointer(version)]
        known[:engine], known[:version] = @words
        known[:flags], known[:max_parameters] = flags, max_parameters
        OK
      end
    end

    def execute(pointer, affected, error)
      statement = Statement.at(pointer)
      affected.write_uint64(0)
      attempt(error, statement) do
        affected.write_uint64(run(statement) || 0)
        OK
      end
    end

    def query(pointer, cursor, error)
      statement = Statement.at(pointer)
      attempt(error, statement) do
        @cursors[@last += 1] = Cursor.new(statement, rows(statement))
        cursor.write_pointer(FFI::Pointer.new(@last))
        OK
      end
    end

    def fetch(cursor, limit, rows, error)
      cursor = @cursors.fetch(cursor.address)
      attempt(error, cursor.statement) { cursor.fetch(limit, rows) ? OK : DONE }
    end

    def cursor_close(cursor)
      @cursors.delete(cursor.address)&.close
    end

    def cancel
      @stopped = true
      stop
    end

    def in_transaction
      inside? ? 1 : 0
    end

    def close; end

    # --- of a subclass

    # Stops what runs, from another thread.
    def stop; end

    # Whether a transaction is open when a statement begins.
    def was_inside?
      inside?
    end

    # Whether the failure of a statement was asked for.
    def stopped?
      @stopped
    end

    private

    def attempt(error, statement = nil)
      @stopped = false
      @was_inside = statement && was_inside?
      raise Refusal.new("CANCELLED", "the time of the caller's Timeout is over") if statement && Native::Callbacks.out_of_time? &&
          !UNDOES.match?(statement.sql)

      yield
    rescue Refusal => e
      refuse(error, status: e.status, message: e.message)
    rescue StandardError => e
      raise unless (failure = failure(e, statement))

      refuse(error, **failure)
    end

    def refuse(error, status:, message:, sqlstate: nil, native_code: 0, transaction: nil)
      details = Native::ErrorDetails.make(status: status, message: message.delete("\0").scrub, sqlstate: sqlstate,
          native_code: native_code,
                                          transaction: TRANSACTION.number(transaction || fate))
      Native.error_create(nil, details, error)
    end

    # What became of the transaction in which a statement failed.
    def fate
      return :open if inside?

      @was_inside ? :rolled_back : :none
    rescue StandardError
      :unknown
    end

    # The rows of a query, laid out as the library wants them.
    class Cursor
      attr_reader :statement

      # `rows` has #width, the number of columns; #take for the values of so many rows, one row after the other, none after the
      # last; and may have #close.
      def initialize(statement, rows)
        @statement, @rows = statement, rows
        @width = statement.types.size
        @integers = statement.types.all?(Value::INT64)
        check
      end

      # Tells of the next rows, which live until the call after; nil after the last.
      def fetch(limit, pointer)
        values = @rows.take(limit)
        return if values.empty?

        rows = Native::Rows.new(pointer)
        rows[:count] = values.size / @width
        if @integers && values.all?(Integer)
          rows[:integers] = @memory = FFI::MemoryPointer.new(:int64, values.size).write_array_of_int64(values)
        else
          rows[:cells] = @memory = Value.pack(values, @statement.types)
        end
      end

      def close
        @rows.close if @rows.respond_to?(:close)
      end

      private

      def check
        return if @rows.width == @width

        close
        raise Refusal.new("INVALID", "the statement gives #{@rows.width} columns, but #{@width} were wanted")
      end
    end
    private_constant :Cursor

    # The operations as the library wants them; the same for all drivers.
    functions = {
      capabilities: [:int32, %i[pointer pointer pointer], :tell_capabilities, DATABASE],
      execute: [:int32, %i[pointer pointer pointer pointer], :execute, DATABASE],
      query: [:int32, %i[pointer pointer pointer pointer], :query, DATABASE],
      fetch: [:int32, %i[pointer pointer uint32 pointer pointer], :fetch, DATABASE],
      cursor_close: [:void, %i[pointer pointer], :cursor_close, nil],
      cancel: [:void, %i[pointer], :cancel, nil],
      in_transaction: [:int32, %i[pointer], :in_transaction, 1],
      close: [:void, %i[pointer], :close, nil]
    }.transform_values { |result, arguments, method, failed| Native::Callbacks.function(result, arguments, method, failed: failed) }
    TABLE = Native::Driver.make(abi_version: Native::CONSTANTS["CASCADE_DRIVER_ABI"], name: "ruby", **functions)
  end
end
