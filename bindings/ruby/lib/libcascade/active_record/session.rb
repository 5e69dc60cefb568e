# frozen_string_literal: true

module Libcascade
  module ActiveRecord
    # The library's session over one connection of ActiveRecord, and what is known of its schema. Kept with that connection.
    class Session
      KEPT = :@libcascade_session
      private_constant :KEPT

      def self.of(adapter)
        adapter.instance_variable_get(KEPT) || adapter.instance_variable_set(KEPT, new(adapter))
      end

      def initialize(adapter)
        @adapter = adapter
        @connection = Connection.over(Driver.over(adapter))
      end

      # The connection of the library, while no other thread has ActiveRecord's.
      def use
        @adapter.lock.synchronize { yield @connection }
      ensure
        @adapter.clear_query_cache
      end

      # The graph: read once, and again when something says that the schema is another.
      def graph
        state = [ActiveRecord.generation, @adapter.respond_to?(:schema_search_path) && @adapter.schema_search_path]
        return @graph if @state == state

        forget
        @graph = @connection.graph
        @state = state
        @graph
      end

      # The rules for purges that start from a model. Rules of the caller's own are for this time only.
      def policy(model, rules: [], exclude: [])
        graph
        return Rules.new(model, self.graph, @adapter, rules, exclude) unless rules.empty? && exclude.empty?

        @policies[model] ||= Rules.new(model, self.graph, @adapter)
      end

      # A failure that may come of a schema which is not the one that was read has it read again.
      def renewing
        yield
      rescue ConstraintFkError, SchemaError, NotFoundError
        forget
        raise
      end

      def forget
        @graph = @state = nil
        @policies = {}
      end
    end
  end
end
