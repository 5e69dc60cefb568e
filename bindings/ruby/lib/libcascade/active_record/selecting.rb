# frozen_string_literal: true

module Libcascade
  module ActiveRecord
    # From a relation of ActiveRecord to a selection of the library's.
    #
    # A condition on the table's own columns travels as it is, and is asked again for each batch. Whatever else selects rows -
    # joins, limits, SQL of the caller's - is asked once: its keys travel, or a row would be left when what it was selected by
    # has gone.
    class Selecting
      NARROWING = %i[limit offset group having joins left_outer_joins eager_load from distinct].freeze
      private_constant :NARROWING

      def initialize(relation, graph)
        @relation, @graph = relation, graph
        @model = relation.klass
      end

      def selection
        simple? ? by_condition : by_keys
      end

      private

      def simple?
        return false if null?

        NARROWING.none? { |part| @relation.values[part].present? } &&
            own?(@relation.where_clause.empty? ? nil : @relation.where_clause.ast)
      end

      def null?
        @relation.respond_to?(:null_relation?) ? @relation.null_relation? : @relation.is_a?(::ActiveRecord::NullRelation)
      end

      # Whether a condition compares columns of the table with values, and does nothing else.
      def own?(node)
        case node
        when nil then true
        when Arel::Nodes::And then node.children.all? { |child| own?(child) }
        when Arel::Nodes::Or then own?(node.left) && own?(node.right)
        when Arel::Nodes::Grouping, Arel::Nodes::Not then own?(node.expr)
        when Arel::Nodes::HomogeneousIn then own_column?(node.attribute)
        when Arel::Nodes::Binary then own_column?(node.left) && value?(node.right)
        else false
        end
      end

      def own_column?(node)
        node.is_a?(Arel::Attributes::Attribute) && node.relation.respond_to?(:name) && node.relation.name == @model.table_name
      end

      def value?(node)
        case node
        when Array then node.all? { |part| value?(part) }
        when Arel::Nodes::And then node.children.all? { |part| value?(part) }
        when Arel::Nodes::BindParam, Arel::Nodes::Casted, Arel::Nodes::Quoted, nil then true
        else false
        end
      end

      def by_condition
        clause = @relation.where_clause
        return @graph.select(@model.table_name) if clause.empty?

        collector = Arel::Collectors::SubstituteBinds.new(@model.connection, Arel::Collectors::SQLString.new)
        sql = @model.connection.visitor.accept(clause.ast, collector).value
        @graph.select(@model.table_name, where: sql)
      rescue InvalidError # quotes that not every reader reads in the same way
        by_keys
      end

      def by_keys
        key = Array(@model.primary_key)
        raise NoKeyError, "#{@model.name} has no primary key: only a condition on its columns can select rows" if key.empty?

        columns = key.map { |name| @model.arel_table[name] }
        found = if @relation.loaded? then @relation.map { |record| key.map { |name| record[name] } }
                else @relation.pluck(*columns).map { |row| Array(row) }
                end
        keys = found.map { |row| row.zip(key).map { |value, name| cast(name, value) } }.uniq
        @graph.select(@model.table_name, keys: key.one? ? keys.flatten(1) : keys)
      end

      def cast(name, value)
        value = @model.type_for_attribute(name).serialize(value)
        case value
        when ActiveModel::Type::Binary::Data then value.to_s.b
        when Date, Time then @model.connection.quoted_date(value)
        else value
        end
      end
    end
  end
end
