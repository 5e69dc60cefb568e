# frozen_string_literal: true

module Libcascade
  # The tables and foreign keys of a database. Never changes; any number of threads may use it.
  class Graph < Handle
    kind :graph

    # From the JSON that #to_json gives.
    def self.load(json, context: Context.default)
      json = Native.utf8(json)
      new(Native.fetch(:graph_free, :graph_load, Context.expect(context), json, json.bytesize))
    end

    def to_json(*)
      Native.fetch_text(:graph_json, self)
    end

    # In Graphviz's language; of one table and what can reach it, or of all.
    def to_dot(table = nil)
      Native.fetch_text(:graph_dot, self, table && Native.utf8(table))
    end

    # What the database may not have shown: :relations, :triggers.
    def hidden
      HIDDEN.set(Native.graph_hidden(self))
    end

    def tables
      @tables ||= Array.new(Native.graph_table_count(self)) { |number| Table.new(self, number) }.freeze
    end

    def relations
      @relations ||= Array.new(Native.graph_relation_count(self)) { |number| Relation.of_graph(self, number) }.freeze
    end

    # The table of a name ("agent", "public.agent"), or a number.
    def table(name)
      return tables.fetch(name) if name.is_a?(Integer)

      number = FFI::MemoryPointer.new(:uint32)
      Native.call(:graph_find_table, self, Native.utf8(name), number)
      tables[number.read_uint32]
    end

    # Relations that refer to a table, and those by which it refers to others.
    def relations_to(table)
      related(:graph_relations_to, table)
    end

    def relations_from(table)
      related(:graph_relations_from, table)
    end

    # Tables that deleting rows of a table can reach, itself first.
    def reach(table, cascading_only: false)
      numbers(:graph_reach, number_of(table), cascading_only ? 1 : 0).map { |number| tables[number] }
    end

    # A shortest chain of relations by which rows of `from` depend on rows of `to`; nil when there is none.
    def path(from, to)
      ends = [number_of(from), number_of(to)]
      begin
        numbers(:graph_path, *ends).map { |number| relations[number] }
      rescue NotFoundError
        nil
      end
    end

    # A selection of rows by their primary keys: integers, other values, or arrays of them.
    def select(table, keys: nil, where: nil, parameters: [])
      Selection.make(self, table, keys: keys, where: where, parameters: parameters)
    end

    # A policy for this graph. See Policy.
    def policy(rules = [], exclude: [])
      Policy.make(self, rules, exclude: exclude)
    end

    # The same graph, by a reference of its own, which is closed on its own.
    def dup
      Graph.new(Native.graph_ref(self))
    end
    alias clone dup

    private

    def number_of(table)
      table.is_a?(Table) ? table.number : self.table(table).number
    end

    def related(function, table)
      array, count = FFI::MemoryPointer.new(:pointer), FFI::MemoryPointer.new(:uint32)
      status = Native.public_send(function, self, number_of(table), array, count)
      raise Error.of(status, "no such table") if status.negative?

      count = count.read_uint32
      count.zero? ? [] : array.read_pointer.read_array_of_uint32(count).map { |number| relations[number] }
    end

    # A function that fills an array of at most so many numbers as there are tables.
    def numbers(function, *arguments)
      room = FFI::MemoryPointer.new(:uint32, [Native.graph_table_count(self), 1].max)
      count = FFI::MemoryPointer.new(:uint32)
      Native.call(function, self, *arguments, room, count)
      room.read_array_of_uint32(count.read_uint32)
    end
  end

  # A table of a graph.
  class Table
    attr_reader :number, :schema, :name, :label, :kind, :flags, :key, :row_estimate, :component, :component_size, :part_of, :columns

    def initialize(graph, number)
      @number = number
      info = Native.describe(Native::TableInfo, :graph_table, graph, number)
      @schema, @name, @label, @part_of = %i[schema name label part_of].map { |part| info.text(part) }
      @kind, @flags = TABLE_KIND.symbol(info[:kind]), TABLE_FLAG.set(info[:flags])
      @key = info.texts(:key, info[:key_count]) || [].freeze
      @row_estimate, @component, @component_size = info[:row_estimate], info[:component], info[:component_size]
      @columns = Array.new(info[:column_count]) { |column| Column.at(graph, number, column) }.freeze
      freeze
    end

    def to_s
      label
    end

    def inspect
      "#<#{self.class.name} #{label}>"
    end
  end

  Column = Struct.new(:name, :type, :default_sql, :flags, keyword_init: true) do
    def self.at(graph, table, column)
      info = Native.describe(Native::ColumnInfo, :graph_column, graph, table, column)
      new(name: info.text(:name), type: info.text(:type), default_sql: info.text(:default_sql),
          flags: COLUMN_FLAG.set(info[:flags])).freeze
    end
  end

  # A foreign key of the database, or a relation that a policy declares. `rule` is what happens to referencing rows.
  class Relation
    attr_reader :number, :name, :label, :table, :ref_table, :columns, :ref_columns, :flags, :on_delete, :on_update, :rule, :index,
        :set_columns

    def self.of_graph(graph, number)
      new(graph, number, Native.describe(Native::RelationInfo, :graph_relation, graph, number))
    end

    def initialize(graph, number, info)
      @number = number
      @name, @label, @index = %i[name label index].map { |part| info.text(part) }
      @table, @ref_table = graph.tables[info[:table]], graph.tables[info[:ref_table]]
      @columns, @ref_columns = %i[columns ref_columns].map { |part| info.texts(part, info[:column_count]) }
      @flags = RELATION_FLAG.set(info[:flags])
      @on_delete, @on_update, @rule = ACTION.symbol(info[:on_delete]), ACTION.symbol(info[:on_update]), RULE.symbol(info[:rule])
      @set_columns = info.texts(:set_columns, info[:set_column_count])
      freeze
    end

    def to_s
      label
    end

    def inspect
      "#<#{self.class.name} #{label} #{rule}>"
    end
  end
end
