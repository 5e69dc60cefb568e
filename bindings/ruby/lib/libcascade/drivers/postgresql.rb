# frozen_string_literal: true

module Libcascade
  class Driver
    # Over a PG::Connection.
    class PostgreSQL < Driver
      # SQLSTATEs and their classes.
      STATES = { "23503" => "CONSTRAINT_FK", "23001" => "CONSTRAINT_FK", "23" => "CONSTRAINT", "44000" => "CONSTRAINT",
          "P0001" => "CONSTRAINT",
                 "40P01" => "DEADLOCK", "40001" => "SERIALIZATION", "55P03" => "BUSY", "57014" => "TIMEOUT", "42501" => "PRIVILEGE",
                 "25006" => "READONLY", "08P01" => "INVALID", "08" => "CONNECTION", "57P" => "CONNECTION", "25P03" => "CONNECTION",
                 "53300" => "CONNECTION", "28" => "CONNECTION", "3D000" => "CONNECTION", "42" => "SCHEMA",
                     "3F000" => "SCHEMA" }.freeze
      BIGINT, BYTEA, BIGINTS = 20, 17, 1016
      COMMIT = /\A\s*commit\b/i.freeze
      private_constant :STATES, :BIGINT, :BYTEA, :BIGINTS, :COMMIT

      def engine
        "postgresql"
      end

      def version
        session.parameter_status("server_version").to_s
      end

      def flags
        %w[LOCK_ROWS SKIP_LOCKED SAVEPOINT DEFER CANCEL].sum { |name| STATUS.fetch("CAN_#{name}") }
      end

      def max_parameters
        65_535
      end

      def run(statement)
        result = execute_on_server(statement)
        check_commit(statement, result)
        statement.changes? ? result.cmd_tuples : 0
      ensure
        result&.clear
      end

      def rows(statement)
        Rows.new(execute_on_server(statement), statement.types)
      end

      def inside?
        ![PG::PQTRANS_IDLE, PG::PQTRANS_UNKNOWN].include?(session.transaction_status)
      end

      def stop
        session.cancel
      end

      def failure(exception, _statement)
        return unless exception.is_a?(PG::Error)

        result = exception.respond_to?(:result) ? exception.result : nil
        state = result&.error_field(PG::PG_DIAG_SQLSTATE)
        status = status(state, session.finished? || session.status != PG::CONNECTION_OK)
        { status: STATUS.fetch(status), sqlstate: state, message: message(status, exception, result) }
      end

      # The answer to a query, made into what is wanted.
      class Rows
        INTEGERS = [20, 21, 23, 26].freeze
        private_constant :INTEGERS

        def initialize(result, types)
          @result, @types = result, types
          decoders = Array.new(width) { |column| decoder(column) }
          @result.type_map = PG::TypeMapByColumn.new(decoders)
          @left = types.each_index.select { |column| decoders[column] == TEXT && types[column] != Value::TEXT }
          @at = 0
        end

        def width
          @result.nfields
        end

        def take(limit)
          rows = @at...[@at + limit, @result.ntuples].min
          @at = rows.end
          return fitting((@column ||= @result.column_values(0))[rows]) if width == 1

          fitting(rows.flat_map { |at| @result.tuple_values(at) })
        end

        def close
          @result.clear
        end

        private

        # What pg decodes itself.
        def decoder(column)
          case @types[column]
          when Value::INT64, Value::UINT64 then INTEGERS.include?(@result.ftype(column)) ? INTEGER : TEXT
          when Value::BLOB then BYTES
          else TEXT
          end
        end

        # With the numbers that pg has left as texts.
        def fitting(values)
          return values if @left.empty?

          values.each_with_index.map { |value, at| value && @left.include?(at % width) ? fit(value, @types[at % width]) : value }
        end

        def fit(text, type)
          case type
          when Value::INT64, Value::UINT64 then Integer(text, 10)
          when Value::DOUBLE then Float(text)
          else text
          end
        rescue ArgumentError
          raise Refusal.new("DATABASE", "PostgreSQL: #{text.inspect} cannot be read as a number; the data does not fit " \
                                        "what was declared")
        end
        INTEGER, TEXT, BYTES = PG::TextDecoder::Integer.new, PG::TextDecoder::String.new, PG::TextDecoder::Bytea.new
        private_constant :INTEGER, :TEXT, :BYTES
      end
      private_constant :Rows
      TEXTS = PG::TypeMapAllStrings.new
      private_constant :TEXTS

      private

      def execute_on_server(statement)
        session.exec_params(statement.sql, statement.parameters.map { |type, value| bound(type, value) }, 0, TEXTS)
      end

      def bound(type, value)
        case type
        when Value::NULL then nil
        when Value::INT64 then { value: value.to_s, type: BIGINT, format: 0 }
        when Value::INT64_ARRAY then { value: "{#{value.join(",")}}", type: BIGINTS, format: 0 }
        when Value::BLOB then { value: value, type: BYTEA, format: 1 }
        when Value::DOUBLE then { value: real(value), type: 0, format: 0 }
        when Value::DECIMAL then { value: value.to_s("F"), type: 0, format: 0 }
        else { value: text(value.to_s), type: 0, format: 0 }
        end
      end

      def real(value)
        value.infinite? ? "#{"-" if value.negative?}Infinity" : value.to_s
      end

      def text(value)
        return value unless value.include?("\0")

        raise Refusal.new("UNSUPPORTED", "PostgreSQL: a parameter is text with a NUL byte, which no text in this database can hold")
      end

      # In a transaction that has failed, COMMIT is answered with a rollback and no error.
      def check_commit(statement, result)
        return unless COMMIT.match?(statement.sql) && result.cmd_status == "ROLLBACK"

        raise Refusal.new("DATABASE", "PostgreSQL: the transaction had failed before, and was rolled back instead of committed")
      end

      def status(state, lost)
        return "CONNECTION" if lost
        return "CANCELLED" if state == "57014" && stopped?

        key = state && STATES.keys.find { |start| state.start_with?(start) }
        key ? STATES[key] : "DATABASE"
      end

      def message(status, exception, result)
        return "cancelled at the caller's request" if status == "CANCELLED"

        words = result&.error_field(PG::PG_DIAG_MESSAGE_PRIMARY) || exception.message.lines.first.to_s.chomp
        detail = result&.error_field(PG::PG_DIAG_MESSAGE_DETAIL) if status.start_with?("CONSTRAINT")
        ["PostgreSQL: #{words}", detail].compact.join(": ")
      end
    end
    BY_KIND["postgresql"] = PostgreSQL
  end
end
