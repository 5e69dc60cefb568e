# frozen_string_literal: true

module Libcascade
  class Driver
    # Over an SQLite3::Database. A statement that runs holds Ruby's other threads up, as it always does with that library.
    class SQLite3 < Driver
      CODES = { 3 => "PRIVILEGE", 23 => "PRIVILEGE", 5 => "BUSY", 6 => "BUSY", 7 => "NOMEM", 8 => "READONLY", 9 => "CANCELLED",
                14 => "CONNECTION", 26 => "CONNECTION", 17 => "SCHEMA", 19 => "CONSTRAINT" }.freeze
      FOREIGN_KEY = /FOREIGN KEY constraint failed/.freeze
      private_constant :CODES, :FOREIGN_KEY

      def engine
        "sqlite"
      end

      def version
        ::SQLite3::SQLITE_VERSION
      end

      def flags
        STATUS.fetch("CAN_SAVEPOINT") + STATUS.fetch("CAN_DEFER") + STATUS.fetch("CAN_CANCEL")
      end

      # What Debian and SQLite itself build with; a lower limit of the host's is not seen.
      def max_parameters
        32_766
      end

      def run(statement)
        statement.sql == "BEGIN IMMEDIATE" ? patiently { finish(statement) } : finish(statement)
      end

      def rows(statement)
        Rows.new(prepare(statement), statement.types)
      end

      def inside?
        session.transaction_active?
      end

      def stop
        session.interrupt
      end

      def failure(exception, statement)
        return unless exception.is_a?(::SQLite3::Exception)

        code = exception.code.to_i
        words = exception.message.to_s
        status = status(code, words, statement)
        words = status == "CANCELLED" ? "cancelled at the caller's request" : "SQLite: #{words}"
        { status: STATUS.fetch(status), native_code: code, message: words }
      end

      # Values of a statement that runs, as SQLite has them.
      class Rows
        def initialize(prepared, types)
          @prepared, @types = prepared, types
          @plain = (types - [Value::INT64, Value::ANY]).empty?
        end

        def width
          @prepared.column_count
        end

        def take(limit)
          found = []
          while limit.positive? && (row = @prepared.step)
            limit -= 1
            found.concat(row)
          end
          return found if @plain && found.all?(Integer)

          found.each_with_index.map { |value, at| value && fit(value, @types[at % @types.size]) }
        end

        def close
          @prepared.close unless @prepared.closed?
        end

        private

        def fit(value, type)
          case type
          when Value::INT64, Value::UINT64
            value.is_a?(Integer) ? value : raise(Refusal.new("DATABASE", "SQLite: #{value.inspect} is no integer, as was declared"))
          when Value::TEXT, Value::BLOB then value.to_s
          else value
          end
        end
      end
      private_constant :Rows

      private

      def finish(statement)
        prepared = prepare(statement)
        nil while prepared.step
        statement.changes? ? session.changes : 0
      ensure
        close_statement(prepared)
      end

      # Waits for the write lock as long as the session would, but lets Ruby's other threads go on, of which one may hold it.
      def patiently
        patience = session.get_first_value("PRAGMA busy_timeout").to_i
        return yield unless patience.positive?

        last = Process.clock_gettime(Process::CLOCK_MONOTONIC) + patience / 1000.0
        session.busy_timeout(0)
        begin
          yield
        rescue ::SQLite3::BusyException
          raise Refusal.new("CANCELLED", "cancelled at the caller's request") if stopped?
          raise if Process.clock_gettime(Process::CLOCK_MONOTONIC) >= last

          sleep(0.002)
          retry
        end
      ensure
        session.busy_timeout(patience) if patience&.positive?
      end

      def prepare(statement)
        prepared = session.prepare(statement.sql)
        statement.parameters.each_with_index { |(type, value), at| prepared.bind_param(at + 1, bound(type, value)) }
        prepared
      rescue StandardError
        close_statement(prepared)
        raise
      end

      def bound(type, value)
        case type
        when Value::BLOB then ::SQLite3::Blob.new(value)
        when Value::DECIMAL then value.to_s("F")
        when Value::UINT64
          return value if value < 2**63

          raise Refusal.new("UNSUPPORTED", "SQLite: a parameter is #{value}, and no integer in this database can be so large")
        else value
        end
      end

      def close_statement(prepared)
        prepared.close if prepared && !prepared.closed?
      end

      def status(code, words, statement)
        case code & 0xff
        when 1 then compiles?(statement) ? "DATABASE" : "SCHEMA"
        when 19 then FOREIGN_KEY.match?(words) ? "CONSTRAINT_FK" : "CONSTRAINT"
        else code == 517 ? "SERIALIZATION" : CODES.fetch(code & 0xff, "DATABASE")
        end
      end

      # Whether a plain error is one of running the statement, not of understanding it.
      def compiles?(statement)
        session.prepare(statement.sql).close
        true
      rescue ::SQLite3::Exception
        false
      end
    end
    BY_KIND["sqlite3"] = SQLite3
  end
end
