# frozen_string_literal: true

module Libcascade
  module ActiveRecord
    # Destroy callbacks of models, run for a batch together: before_destroy before its rows go, with a veto by `throw :abort`;
    # after_destroy in the same transaction; after_commit and after_rollback when ActiveRecord says so. Counters of belongs_to
    # with `counter_cache` are lowered, and those with `touch` touched, once for each parent. What else associations do by their own
    # callbacks, the library does.
    class Callbacks
      BY_ASSOCIATIONS = %r{/active_record/associations/builder/}.freeze
      # Rows of a transaction, when it is not the host's: so many records are in memory at once.
      MAX_TX_ROWS = 5000
      LOADED = 1000
      # What deletes a record. Of a model that has its own, which marks the row instead perhaps, rows are not deleted unasked.
      WAYS = %i[destroy destroy_row].freeze
      private_constant :BY_ASSOCIATIONS, :MAX_TX_ROWS, :LOADED, :WAYS

      class << self
        # Options of a purge, with the hooks that run callbacks where there are any.
        def options(known, options)
          refuse_ways(known.destroyed)
          models = known.destroyed.map(&:base_class).uniq.select { |model| runs?(model) }
          return options if models.empty?

          runner = new(known, models)
          options = { max_tx_rows: MAX_TX_ROWS }.merge(options) unless known.model.connection.transaction_open?
          options.merge(before_batch: both(runner.method(:before), options[:before_batch]),
                        after_batch: both(runner.method(:after), options[:after_batch]))
        end

        # What has callbacks cannot be left to a worker, which is no Ruby.
        def refuse(known, models, what)
          found = models.filter_map do |model|
            words = (ways(model) + own(model).map { |callback| words(callback) } + left_behind(known, model)).uniq
            "#{model.name} (#{words.join(", ")})" if words.any?
          end
          return if found.empty?

          raise CallbacksError, "#{what} leaves rows to a worker, which runs no callbacks and tells no parents, and there " \
                                "are some on #{found.join(", ")}; use purge_all or dependent: :destroy there, or take " \
                                "the callbacks away"
        end

        # Callbacks of a model and its subclasses that associations have not made.
        def own(model)
          ([model] + model.descendants).flat_map do |klass|
            %i[destroy commit rollback].flat_map { |kind| klass.__callbacks[kind].to_a }
          end.uniq.reject { |callback| by_association?(callback) }
        end

        def by_association?(callback)
          filter = filter(callback)
          filter.is_a?(Proc) && BY_ASSOCIATIONS.match?(filter.source_location&.first.to_s)
        end

        private

        def refuse_ways(models)
          model = models.find { |found| ways(found).any? } or return

          raise CallbacksError, "#{model.name} has a `#{ways(model).first}` of its own, which cannot run for a batch, and may " \
                                "mark rows that it does not delete: say callbacks: false to have them deleted all the same"
        end

        def ways(model)
          WAYS.select do |name|
            usual = ::ActiveRecord::Base.instance_method(name).owner
            ([model] + model.descendants).any? { |klass| klass.instance_method(name).owner != usual }
          end.map(&:to_s)
        end

        def filter(callback)
          callback.respond_to?(:raw_filter) ? callback.raw_filter : callback.filter
        end

        def words(callback)
          filter = filter(callback)
          filter.is_a?(Proc) ? "#{callback.kind}_#{callback.name}" : filter.to_s
        end

        def runs?(model)
          own(model).any? || telling(model).any?
        end

        # Associations of belongs_to that count or touch.
        def telling(model)
          ([model] + model.descendants).flat_map { |klass| klass.reflect_on_all_associations(:belongs_to) }
                                       .select { |other| other.counter_cache_column || other.options[:touch] }
        end

        # Of these, those whose rows need not go too.
        def left_behind(known, model)
          telling(model).reject { |other| known.only_by?(model, other.foreign_key) }
                        .map { |other| "#{other.counter_cache_column ? "counter_cache" : "touch"} of #{other.name}" }
        end

        # Ours and the caller's, with the vetoes of both.
        def both(first, second)
          return first unless second

          lambda do |tables|
            vetoes = [first, second].map { |hook| hook.call(tables) }.grep(Hash)
            vetoes.reduce { |all, more| all.merge(more) { |_, some, others| (some + others).uniq } }
          end
        end
      end

      def initialize(known, models)
        @models = models.to_h { |model| [known.graph.table(model.table_name).number, model] }
        @connection = known.model.connection
        @chains = {}
        models.each { |model| ([model] + model.descendants).each { |klass| refuse_around(klass) } }
      end

      # Before the rows of a batch go. A row whose record says no stays.
      def before(tables)
        @records = {}
        tables.to_h do |table|
          model = @models[table.table]
          records = @records[table.table] = model ? load(model, table.keys) : {}
          kept = table.keys.each_with_index.filter_map do |key, row|
            row if (record = records[key.to_s]) && !before_destroy(record)
          end
          [table.label, kept]
        end
      end

      # After they have gone.
      def after(tables)
        tables.each do |table|
          records = @records[table.table] or next
          gone = table.keys.filter_map { |key| records[key.to_s] }
          tell_parents(gone)
          gone.each { |record| after_destroy(record) }
        end
      end

      private

      def refuse_around(klass)
        around = chain_of(klass, :around).to_a
        return if around.empty?

        raise CallbacksError, "#{klass.name} has an around_destroy callback, which cannot run for a batch: make it " \
                              "before_destroy and after_destroy, or say callbacks: false"
      end

      def load(model, keys)
        key = Array(model.primary_key)
        keys.each_slice(LOADED).flat_map { |slice| model.unscoped.where(condition(key, slice)).to_a }.to_h do |record|
          values = key.map { |name| record.class.type_for_attribute(name).serialize(record[name]) }
          [(key.one? ? values.first : values).to_s, record]
        end
      end

      def condition(key, slice)
        key.one? ? { key.first => slice } : { key => slice }
      end

      # Whether the callbacks came to their end.
      def before_destroy(record)
        chain = chain_of(record.class, :before)
        return true if chain.empty?

        ended = false
        with_chain(record, chain) { record.run_callbacks(:destroy) { ended = true } }
        ended
      end

      def after_destroy(record)
        record.instance_variable_set(:@destroyed, true)
        record.instance_variable_set(:@_trigger_destroy_callback, true)
        record.freeze
        @connection.add_transaction_record(record)
        chain = chain_of(record.class, :after)
        with_chain(record, chain) { record.run_callbacks(:destroy) { true } } unless chain.empty?
      end

      # Of the callbacks of a class, those of one kind that associations have not made.
      def chain_of(klass, kind)
        @chains[[klass, kind]] ||= klass.__callbacks[:destroy].dup.tap do |chain|
          chain.to_a.each { |callback| chain.delete(callback) if callback.kind != kind || Callbacks.by_association?(callback) }
        end
      end

      def with_chain(record, chain)
        record.instance_variable_set(:@__callbacks, record.class.__callbacks.merge(destroy: chain))
        yield
      ensure
        record.remove_instance_variable(:@__callbacks)
      end

      # What belongs_to does to the row that is referred to.
      def tell_parents(records)
        records.group_by(&:class).each do |klass, same|
          klass.reflect_on_all_associations(:belongs_to).each do |reflection|
            next unless reflection.counter_cache_column || reflection.options[:touch]

            same.group_by { |record| record.association(reflection.name).klass }.each do |parent, children|
              tell(reflection, parent, children.map { |record| record[reflection.foreign_key] }.compact.tally) if parent
            end
          end
        end
      end

      # `counts`: how many rows have gone, by what they referred to.
      def tell(reflection, parent, counts)
        key = reflection.association_primary_key(parent)
        return touch(reflection, parent.unscoped, key, counts.keys) unless reflection.counter_cache_column

        change = { touch: reflection.options[:touch] }.compact
        counts.group_by(&:last).each do |count, ids|
          parent.unscoped.where(key => ids.map(&:first)).update_counters(reflection.counter_cache_column => -count, **change)
        end
      end

      def touch(reflection, parents, key, ids)
        names = [reflection.options[:touch]] - [true]
        ids.each_slice(LOADED) { |slice| parents.where(key => slice).each { |record| record.touch(*names) } }
      end
    end
  end
end
