# frozen_string_literal: true

module Libcascade
  module ActiveRecord
    # What makes a driver one over a connection of ActiveRecord: statements go through its raw session, and ActiveRecord is told
    # of every transaction and savepoint that the library begins and ends. What hooks and callbacks do in between joins them,
    # and records' own after_commit and after_rollback run when they should.
    module Driver
      KINDS = { "PostgreSQL" => "postgresql", "PostGIS" => "postgresql", "SQLite" => "sqlite3", "Mysql2" => "mysql2" }.freeze
      BEGINS = /\A\s*(?:begin|start\s+transaction|savepoint)\b/i.freeze
      KEEPS = /\A\s*(?:commit|release)\b/i.freeze
      UNDOES = /\A\s*rollback\b/i.freeze
      private_constant :KINDS, :BEGINS, :KEEPS, :UNDOES

      @classes = {}

      # The driver for a connection.
      def self.over(adapter)
        kind = KINDS.fetch(adapter.adapter_name) do
          raise UnsupportedError, "there is no driver for connections of #{adapter.adapter_name}; there are for " \
                                  "#{KINDS.keys.join(", ")}"
        end
        require_relative "../drivers/#{kind}"
        (@classes[kind] ||= Class.new(Libcascade::Driver::BY_KIND.fetch(kind)) { include Driver }).new(adapter)
      end

      def initialize(adapter)
        super(nil)
        @adapter = adapter
        @open = []
        adapter.extend(Transactions)
      end

      # The raw session, with whatever transaction ActiveRecord has put off begun.
      def session
        @adapter.raw_connection
      end

      def in_transaction
        @adapter.transaction_open? || inside? ? 1 : 0
      end

      def run(statement)
        sql = statement.sql
        if BEGINS.match?(sql) then begin_with(statement) { super }
        elsif KEEPS.match?(sql) then keep_with(statement) { super }
        elsif UNDOES.match?(sql) then undo_with(statement) { super }
        else
          @adapter.clear_query_cache if statement.changes?
          told(statement) { super }
        end
      end

      def rows(statement)
        told(statement) { super }
      end

      # Of ActiveRecord's own failures, what is behind them.
      def failure(exception, statement)
        exception = exception.cause if exception.is_a?(::ActiveRecord::StatementInvalid) && exception.cause
        super(exception, statement)
      end

      private

      # The statement is in the log and in what counts statements, as all others are.
      def told(statement)
        about = { sql: statement.sql, name: "Cascade", binds: [], type_casted_binds: [], connection: @adapter }
        ActiveSupport::Notifications.instrument("sql.active_record", about) { yield }
      end

      # ActiveRecord makes the transaction; what it would send is the library's statement.
      def begin_with(statement, &block)
        in_place(statement, block) { @open.push(@adapter.begin_transaction(joinable: true, _lazy: false)) }
        0
      end

      # What an after_commit raises comes when the COMMIT has been kept: it is no failure of that.
      def keep_with(statement, &block)
        return told(statement, &block) unless ours?

        kept = false
        sending = lambda do
          block.call
          kept = true
        end
        begin
          in_place(statement, sending) { @adapter.commit_transaction }
        rescue Exception => e # rubocop:disable Lint/RescueException
          raise unless kept

          Native::Callbacks.keep(e)
        end
        @open.pop
        0
      end

      def undo_with(statement, &block)
        return told(statement, &block) if @open.empty?

        transaction = @open.pop
        arguments = ours?(transaction) ? [] : [transaction]
        in_place(statement, block) { @adapter.rollback_transaction(*arguments) }
        0
      ensure
        @adapter.clear_query_cache
      end

      def ours?(transaction = @open.last)
        transaction && @adapter.current_transaction.equal?(transaction)
      end

      def in_place(statement, sending, &block)
        @adapter.libcascade_in_place(-> { told(statement, &sending) }, &block)
      end

      # The statements by which a connection begins and ends transactions, replaced while the library does.
      module Transactions
        def libcascade_in_place(statement)
          before, @libcascade_statement = @libcascade_statement, statement
          yield
        ensure
          @libcascade_statement = before
        end

        %i[begin_db_transaction commit_db_transaction exec_rollback_db_transaction create_savepoint release_savepoint
           exec_rollback_to_savepoint].each do |name|
          define_method(name) do |*arguments|
            statement, @libcascade_statement = @libcascade_statement, nil
            statement ? statement.call : super(*arguments)
          end
        end
      end
      private_constant :Transactions
    end
  end
end
