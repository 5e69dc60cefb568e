# frozen_string_literal: true

module Libcascade
  # What happens to referencing rows, relation by relation. Never changes; any number of threads may use it.
  #
  #   graph.policy([{ table: "loan", columns: "borrower_id", rule: :protect },
  #                 { table: "note", columns: "object_id", ref_table: "agent", where: "object_type = 'agent'", rule: :cascade }],
  #                exclude: ["audit_log"])
  class Policy < Handle
    kind :policy

    ENTRY = %i[table columns ref_table ref_columns rule values where].freeze
    private_constant :ENTRY

    class << self
      # Rules override relations of the database, or declare relations that it lacks; `exclude` names tables that are never touched.
      def make(graph, rules = [], exclude: [])
        entries = rules.map { |rule| entry(rule) }
        exclude = Array(exclude)
        options = Native::PolicyOptions.make(entries: Native.pointers(entries), entry_count: entries.size,
                                             exclude: Native.texts_pointer(exclude), exclude_count: exclude.size)
        new(Native.fetch(:policy_free, :policy_new, Graph.expect(graph), options), graph)
      end

      # From a JSON document.
      def load(graph, json)
        json = Native.utf8(json)
        new(Native.fetch(:policy_free, :policy_load, Graph.expect(graph), json, json.bytesize), graph)
      end

      private

      def entry(rule)
        unknown = rule.keys - ENTRY
        raise ArgumentError, "a rule has no #{unknown.join(", ")}; it has #{ENTRY.join(", ")}" unless unknown.empty?

        columns, ref_columns, values = Array(rule[:columns]), Array(rule[:ref_columns]), Array(rule[:values])
        Native::PolicyEntry.make(
          table: rule[:table].to_s, columns: Native.texts_pointer(columns), column_count: columns.size,
          ref_table: rule[:ref_table]&.to_s, ref_columns: Native.texts_pointer(ref_columns), ref_column_count: ref_columns.size,
          rule: RULE.number(rule.fetch(:rule, :default)), values: Value.pack(values), value_count: values.size, where: rule[:where]
        )
      end
    end

    attr_reader :graph

    def initialize(pointer, graph = nil)
      super(pointer)
      @graph = graph || Graph.new(Native.graph_ref(Native.policy_graph(self)))
    end

    # The relations that the policy knows, with their rules: the graph's, then the declared ones.
    def relations
      @relations ||= Array.new(Native.policy_relation_count(self)) do |number|
        Relation.new(graph, number, Native.describe(Native::RelationInfo, :policy_relation, self, number))
      end.freeze
    end

    def relation(number)
      relations.fetch(number)
    end

    # The relation of referencing columns: the first that has them.
    def find(table, *columns)
      table = graph.table(table)
      relations.find { |relation| relation.table == table && relation.columns == columns.map(&:to_s) }
    end

    # The same policy, by a reference of its own, which is closed on its own.
    def dup
      Policy.new(Native.policy_ref(self))
    end
    alias clone dup

    # What a rule is called in messages: "SET_NULL".
    def self.rule_name(rule)
      Native.rule_name(RULE.number(rule))
    end
  end

  # The rows that a request starts from. Never changes; any number of threads may use it.
  class Selection < Handle
    kind :selection

    class << self
      def make(graph, table, keys: nil, where: nil, parameters: [])
        raise ArgumentError, "give keys, or a condition, not both" if keys && (where || parameters.any?)

        table = Native.utf8(table.is_a?(Table) ? table.label : table)
        Graph.expect(graph)
        keys ? by_keys(graph, table, Array(keys)) : by_condition(graph, table, where, parameters)
      end

      # Keys written as text, each checked against the type of its column: "7", "7,de", '[7,"de"]', "x'0f12'".
      def parse(graph, table, *keys)
        fetch(:selection_parse, Graph.expect(graph), table.to_s, Native.texts_pointer(keys.flatten), keys.flatten.size)
      end

      private

      def by_keys(graph, table, keys)
        return by_integers(graph, table, keys) if keys.all? { |key| key.is_a?(Integer) && Value::INT64_RANGE.cover?(key) }

        width = keys.first.is_a?(Array) ? keys.first.size : 1
        uneven = keys.find { |key| (key.is_a?(Array) ? key.size : 1) != width }
        raise ArgumentError, "the key #{uneven.inspect} has not #{width} columns, as the first has" if uneven

        fetch(:selection_keys, graph, table, Value.pack(keys.flatten(1)), keys.size, width)
      end

      def by_integers(graph, table, keys)
        array = FFI::MemoryPointer.new(:int64, [keys.size, 1].max)
        array.write_array_of_int64(keys)
        fetch(:selection_integers, graph, table, array, keys.size)
      end

      def by_condition(graph, table, where, parameters)
        fetch(:selection_where, graph, table, where && Native.utf8(where), Value.pack(parameters), parameters.size)
      end

      def fetch(function, graph, *arguments)
        new(Native.fetch(:selection_free, function, graph, *arguments), graph)
      end
    end

    def initialize(pointer, graph)
      super(pointer)
      @graph = graph
    end

    attr_reader :graph

    def table
      @graph.table(Native.selection_table(self))
    end
  end

  # What a purge would do, before a row is touched. Never changes; any number of threads may use it.
  class Plan < Handle
    kind :plan
    include Enumerable

    Step = Struct.new(:kind, :table, :relation, :rule, :rows, :accuracy, :warnings, :index, :sql, :way, keyword_init: true)
    MEMBERS = %i[table roots deleted updated blocking accuracy blocked fingerprint].freeze
    private_constant :MEMBERS

    # Numbers of rows, and how they are known (:exact, :at_least, :estimated). `fingerprint` is what Connection#purge takes as
    # its `plan`.
    attr_reader(*MEMBERS)

    def initialize(pointer)
      super
      info = Native.describe(Native::PlanInfo, :plan_describe, self)
      @table, @roots, @deleted, @updated, @blocking = %i[table roots deleted updated blocking].map { |member| info[member] }
      @accuracy, @blocked, @fingerprint = ACCURACY.symbol(info[:accuracy]), info[:blocked] == 1, info.text(:fingerprint)
      @steps = Array.new(info[:step_count]) { |step| read(Native.describe(Native::StepInfo, :plan_step, self, step)) }.freeze
    end

    alias blocked? blocked

    # The steps, in the order in which a batch takes them. Tables and relations are numbers in the policy's graph.
    def each(&block)
      return enum_for(:each) { @steps.size } unless block

      @steps.each(&block)
      self
    end

    def steps
      @steps
    end

    def to_s
      Native.fetch_text(:plan_text, self)
    end

    def to_json(*)
      Native.fetch_text(:plan_json, self)
    end

    def to_sql
      Native.fetch_text(:plan_sql, self)
    end

    private

    def read(info)
      Step.new(kind: STEP.symbol(info[:kind]), table: info[:table], relation: info[:relation].negative? ? nil : info[:relation],
               rule: RULE.symbol(info[:rule]), rows: info[:rows], accuracy: ACCURACY.symbol(info[:accuracy]),
               warnings: WARNING.set(info[:warnings]), index: info.text(:index), sql: info.text(:sql), way: info.text(:way)).freeze
    end
  end
end
