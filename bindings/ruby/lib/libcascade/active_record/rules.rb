# frozen_string_literal: true

module Libcascade
  module ActiveRecord
    # The policy that follows from the associations of a model and of all models that go with its rows, and from the database's
    # foreign keys where no association says more.
    #
    # - `:destroy` deletes the rows, and goes on with what depends on them; `:delete_all` and `:delete` do not go on: there, the
    #   database's own actions hold. Join rows of `has_and_belongs_to_many` go with either side.
    # - `:nullify` sets the foreign key to NULL; `:restrict_with_error` and `:restrict_with_exception` block.
    # - `:destroy_async` and `:detach_then_purge` detach where the queue is used, and delete elsewhere.
    class Rules
      RULES = { destroy: :cascade, delete_all: :cascade, delete: :cascade, nullify: :set_null, restrict_with_error: :protect,
                restrict_with_exception: :protect, destroy_async: :detach, detach_then_purge: :detach }.freeze
      # By these, the dependent rows are destroyed as records are: with what depends on them, and with callbacks.
      GOING_ON = %i[destroy destroy_async detach_then_purge].freeze
      private_constant :RULES, :GOING_ON

      # One association's say on one relation. `declared` is the association itself; `reflection`, when it goes through another one,
      # that.
      Entry = Struct.new(:owner, :declared, :reflection, :dependent, :klass, :columns, :ref_columns, :where, keyword_init: true) do
        def rule
          RULES.fetch(dependent)
        end

        def place
          [klass.table_name, columns, owner.table_name, ref_columns]
        end

        def to_s
          "#{owner.name}.#{declared.name}"
        end
      end
      private_constant :Entry

      attr_reader :model, :graph, :policy
      # Models whose rows are destroyed, not only deleted.
      attr_reader :destroyed

      def initialize(model, graph, adapter, rules = [], exclude = [])
        @model, @graph, @adapter = model, graph, adapter
        @rules = rules
        @entries = []
        walk(model)
        @policy = graph.policy(policy_entries, exclude: exclude)
      end

      # The association that a relation of the policy comes from; nil where it comes from a foreign key alone.
      def association(relation)
        entry(relation)&.reflection
      end

      # The association whose `dependent` is asked about a relation, and that; nil as above.
      def dependent(relation)
        entry(relation)&.then { |found| [found.declared, found.dependent] }
      end

      # Models whose rows a worker of the queue destroys, when those of #model are detached from.
      def detached
        waiting = @entries.select { |entry| entry.rule == :detach }.map(&:klass)
        found = []
        while (klass = waiting.shift)
          next if found.include?(klass)

          found << klass
          waiting.concat(@entries.select { |entry| GOING_ON.include?(entry.dependent) && entry.owner <= klass }.map(&:klass))
        end
        found
      end

      # Whether rows of a model go only because those go to which these columns refer.
      def only_by?(klass, columns)
        return false if klass.table_name == model.table_name

        ways = @entries.select { |entry| entry.klass.table_name == klass.table_name && %i[cascade detach].include?(entry.rule) }
        ways.any? && ways.all? { |entry| entry.columns == names(columns) }
      end

      # The model whose rows a table has, as far as the walk has met one.
      def model_of(table)
        @models ||= ([model] + @entries.map(&:klass)).to_h { |klass| [graph.table(klass.table_name), klass.base_class] }
        @models[table]
      end

      private

      def entry(relation)
        @by_relation ||= {}
        @by_relation.fetch(relation.number) do
          @by_relation[relation.number] = @entries.find do |entry|
            relation.table == graph.table(entry.klass.table_name) && relation.columns == entry.columns &&
              relation.ref_table == graph.table(entry.owner.table_name)
          end
        end
      end

      def walk(model)
        @destroyed = []
        waiting = [model]
        while (klass = waiting.shift)
          next if @destroyed.include?(klass)

          @destroyed << klass
          family(klass).each do |owner|
            own = entries_of(owner)
            @entries.concat(own)
            waiting.concat(own.select { |entry| GOING_ON.include?(entry.dependent) }.map(&:klass))
          end
        end
      end

      # A model and those that share its table below it.
      def family(klass)
        [klass] + klass.descendants.reject { |other| other.abstract_class? || other.table_name != klass.table_name }
      end

      def entries_of(owner)
        owner.reflect_on_all_associations.flat_map do |reflection|
          dependent = reflection.options[:dependent]
          case reflection.macro
          when :has_and_belongs_to_many then joins(owner, reflection)
          when :belongs_to then refuse_parent(owner, reflection, dependent)
          else dependent ? entries(owner, reflection, dependent.to_sym) : []
          end
        end
      end

      # The hidden model of the join table stands for it.
      def joins(owner, reflection)
        middle = owner._reflections.values.find do |other|
          other.macro == :has_many && !other.options[:through] && other.klass.table_name == reflection.join_table.to_s &&
            other.foreign_key.to_s == reflection.foreign_key.to_s
        rescue NameError
          false
        end
        middle ? entries(owner, middle, :delete_all) : []
      end

      def refuse_parent(owner, reflection, dependent)
        return [] unless dependent

        raise AssociationError, "#{owner.name}.#{reflection.name}, dependent: #{dependent.inspect}, deletes the row that is " \
                                "referred to, which sets cannot do; give that row to purge_all as well, and leave `dependent` out"
      end

      def entries(owner, declared, dependent)
        reflection = declared.options[:through] ? through(owner, declared, dependent) : declared
        klass = reflection.klass
        refuse_elsewhere(owner, declared, dependent, klass)
        [Entry.new(owner: owner, declared: declared, reflection: reflection, dependent: dependent, klass: klass,
                   columns: names(reflection.foreign_key), ref_columns: names(reflection.active_record_primary_key),
                   where: condition(owner, reflection, klass))]
      rescue NameError => e
        raise AssociationError, "#{owner.name}.#{declared.name}: #{e.message}"
      end

      def refuse_elsewhere(owner, declared, dependent, klass)
        there = klass.connection
        return if there.equal?(@adapter) || there.pool.db_config.configuration_hash == @adapter.pool.db_config.configuration_hash

        raise AssociationError, "#{owner.name}.#{declared.name}, dependent: #{dependent.inspect}, is about rows of " \
                                "#{klass.name}, which are in another database, where no statement of this one reaches; " \
                                "purge them there, and leave `dependent` out"
      end

      # Of an association through join rows, `dependent` is about those.
      def through(owner, reflection, dependent)
        middle = reflection.through_reflection
        if middle.options[:through] || middle.macro == :belongs_to || dependent == :nullify
          raise AssociationError, "#{owner.name}.#{reflection.name}, dependent: #{dependent.inspect}, through #{middle.name}: " \
                                  "give `dependent` to the association #{middle.name} itself"
        end
        middle
      end

      def names(columns)
        Array(columns).map(&:to_s)
      end

      # What of the table the association has: rows of its type, of a subclass, of its scope. nil for all.
      def condition(owner, reflection, klass)
        scope = klass.unscoped
        scope = scoped(owner, reflection, scope) if reflection.scope
        scope = scope.where(reflection.type => owner.polymorphic_name) if reflection.type
        clause = scope.where_clause
        return nil if clause.empty?

        collector = Arel::Collectors::SubstituteBinds.new(@adapter, Arel::Collectors::SQLString.new)
        @adapter.visitor.accept(clause.ast, collector).value
      end

      NARROWING = %i[limit offset group having joins left_outer_joins from distinct].freeze
      private_constant :NARROWING

      def scoped(owner, reflection, scope)
        scope = reflection.scope_for(scope) if reflection.scope.arity.zero?
        narrowing = NARROWING.select { |part| scope.values[part].present? }
        return scope if reflection.scope.arity.zero? && narrowing.empty?

        what = narrowing.empty? ? "depends on the record" : "has #{narrowing.join(", ")}"
        raise AssociationError, "the scope of #{owner.name}.#{reflection.name} #{what}, so that no rule for a " \
                                "whole table follows from it; give a rule of your own: purge_all(rules: [" \
                                "{ table: ..., columns: ..., rule: ... }])"
      end

      # --- from what associations say to what holds

      def policy_entries
        overridden = @rules.map { |rule| [rule[:table].to_s, names(rule[:columns])] }
        given = @entries.reject { |entry| overridden.include?([entry.klass.table_name, entry.columns]) }
        derived = given.group_by(&:place).flat_map { |place, entries| decide(place, entries) }
        derived + @rules
      end

      def decide(place, entries)
        entries = entries.uniq { |entry| [entry.where, entry.rule] }
        whole = entries.select { |entry| entry.where.nil? }
        agree(whole)
        return declare(place, entries) if whole.empty? && !foreign_key?(place)

        refuse_part(entries) if whole.empty? || entries.any? { |entry| entry.rule != whole.first.rule }
        declare(place, whole.take(1))
      end

      # What the first association has done, no other one finds to do; but models must not differ.
      def agree(entries)
        first, other = entries.uniq(&:rule)
        return if other.nil? || first.owner == other.owner

        raise AssociationError, "#{first} says dependent: #{first.dependent.inspect}, " \
                                "#{other} says #{other.dependent.inspect} for the same column; which row is of " \
                                "which class is not asked: make them agree"
      end

      def refuse_part(entries)
        part = entries.find(&:where)
        raise AssociationError, "#{part}, dependent: #{part.dependent.inspect}, is about rows where #{part.where} only, and " \
                                "#{part.klass.table_name} has a foreign key that is about all; give the others a `dependent` " \
                                "too, or a rule: purge_all(rules: [...])"
      end

      def foreign_key?(place)
        table, columns, ref_table, ref_columns = place
        table, ref_table = graph.table(table), graph.table(ref_table)
        graph.relations_from(table).any? do |relation|
          relation.ref_table == ref_table && relation.columns == columns && relation.ref_columns == ref_columns
        end
      end

      def declare(place, entries)
        table, columns, ref_table, ref_columns = place
        entries.map do |entry|
          { table: table, columns: columns, ref_table: ref_table, ref_columns: ref_columns, rule: entry.rule, where: entry.where }
        end
      end
    end
  end
end
