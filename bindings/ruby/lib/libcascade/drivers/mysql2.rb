# frozen_string_literal: true

module Libcascade
  class Driver
    # Over a Mysql2::Client. Values are written into the statements: the prepared ones of mysql2 give no values as they are.
    class Mysql2 < Driver
      CODES = {
        "NOMEM" => [1037, 1038, 2008], "DEADLOCK" => [1213, 1614, 3058], "BUSY" => [1205, 1206, 1615, 3572],
        "SERIALIZATION" => [1020, 1180, 1637, 3101], "CONSTRAINT_FK" => [1216, 1217, 1451, 1452, 1761, 1762],
        "CONSTRAINT" => [1022, 1048, 1062, 1169, 1263, 1364, 1557, 1586, 1644, 3819, 4025], "CANCELLED" => [1317],
            "TIMEOUT" => [1969, 3024],
        "PRIVILEGE" => [1044, 1045, 1142, 1143, 1227, 1370, 1449], "READONLY" => [1036, 1290, 1792, 1836],
        "CONNECTION" => [1040, 1047, 1053, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1927, 3169, 4031, 2002, 2003,
            2005, 2006, 2013,
                         2014, 2026, 2027, 2055],
        "SCHEMA" => [1046, 1049, 1051, 1052, 1054, 1064, 1065, 1066, 1072, 1103, 1109, 1136, 1146, 1149, 1166, 1176, 1222, 1241,
            1412, 1630]
      }.flat_map { |status, codes| codes.map { |code| [code, status] } }.to_h.freeze
      # What a statement consists of: quoted parts, comments, placeholders, the rest.
      PIECE = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|\?/m.freeze
      PLAIN = /\A[ !-&(-\[\]-~]*\z/.freeze
      PLAINLY = { cast_booleans: false, as: :array, cache_rows: true, stream: false, async: false }.freeze
      private_constant :CODES, :PIECE, :PLAIN, :PLAINLY

      def engine
        "mariadb"
      end

      def version
        session.server_info[:version].to_s
      end

      def flags
        skips = mariadb? ? Gem::Version.new(version[/\d+\.\d+/]) >= Gem::Version.new("10.6") : version.to_i >= 8
        STATUS.fetch("CAN_LOCK_ROWS") + STATUS.fetch("CAN_SAVEPOINT") + STATUS.fetch("CAN_DELETE_LIMIT") +
          (skips ? STATUS.fetch("CAN_SKIP_LOCKED") : 0)
      end

      def max_parameters
        65_535
      end

      def run(statement)
        send_to_server(statement)
        statement.changes? ? session.affected_rows : 0
      end

      def rows(statement)
        Rows.new(send_to_server(statement, cast: statement.types.all?(Value::INT64)), statement.types)
      end

      # Only MariaDB says so; over a session of MySQL, a subclass has to know.
      def inside?
        return false unless mariadb?

        inside, autocommit = session.query("SELECT @@in_transaction, @@autocommit", cast: false, as: :array).first
        inside == "1" || autocommit == "0"
      end

      # To ask before every statement would double their number.
      def was_inside?
        true
      end

      def failure(exception, _statement)
        return unless exception.is_a?(::Mysql2::Error)

        code = exception.error_number.to_i
        status = code.zero? ? "CONNECTION" : CODES.fetch(code, "DATABASE")
        { status: STATUS.fetch(status), native_code: code, sqlstate: exception.sql_state,
            message: "MariaDB: #{exception.message.lines.first.to_s.chomp}" }
      end

      # Texts of the answer to a query, made into what is wanted.
      class Rows
        def initialize(result, types)
          @result, @types = result, types
          @rows = result ? result.each : []
          @at = 0
        end

        def width
          @result ? @result.fields.size : @types.size
        end

        def take(limit)
          rows = @rows[@at, limit]
          @at += rows.size
          values = rows.flatten(1)
          return values if values.all?(Integer)

          rows.flat_map { |row| row.each_with_index.map { |text, column| text && value(text, @types[column]) } }
        end

        private

        def value(text, type)
          return text if text.is_a?(Integer)

          case type
          when Value::INT64, Value::UINT64 then Integer(text.is_a?(BigDecimal) ? text.to_s("F").delete_suffix(".0") : text, 10)
          when Value::DOUBLE then Float(text)
          else text
          end
        rescue ArgumentError
          raise Refusal.new("DATABASE", "MariaDB: #{text.inspect} cannot be read as a number; the data does not fit " \
                                        "what was declared")
        end
      end
      private_constant :Rows

      private

      def mariadb?
        version.include?("MariaDB")
      end

      # mysql2 casts what is all numbers; of the rest, it makes dates and more. The client may have options of its own.
      def send_to_server(statement, cast: false)
        session.query(render(statement), cast: cast, **PLAINLY)
      end

      def render(statement)
        parameters = statement.parameters.each
        # Apart from what is around it: two signs would begin a comment.
        statement.sql.gsub(PIECE) { |piece| piece == "?" ? " #{literal(*parameters.next)} " : piece }
      rescue StopIteration
        raise Refusal.new("INVALID", "the statement has more placeholders than parameters")
      end

      def literal(type, value)
        case type
        when Value::NULL then "NULL"
        when Value::INT64, Value::UINT64 then value.negative? ? "(#{value})" : value.to_s
        when Value::DOUBLE then real(value)
        when Value::DECIMAL then "(#{value.to_s("F")})"
        when Value::BLOB then "x'#{value.unpack1("H*")}'"
        else PLAIN.match?(value) ? "_utf8mb4'#{value}'" : "_utf8mb4 x'#{value.unpack1("H*")}'"
        end
      end

      def real(value)
        return "(#{format("%.16e", value)})" if value.finite?

        raise Refusal.new("UNSUPPORTED", "MariaDB: a parameter is no finite number, and MariaDB has none that are not")
      end
    end
    BY_KIND["mysql2"] = Mysql2
  end
end
