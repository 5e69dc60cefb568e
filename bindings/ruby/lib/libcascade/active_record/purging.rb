# frozen_string_literal: true

module Libcascade
  module ActiveRecord
    # What models, relations and records can do.
    module Purging
      # What stands in the way of a delete, or goes with it: rows of one association or foreign key.
      Blocker = Struct.new(:association, :model, :table, :ids, :kind, :complete, :depth, :count, :relation, keyword_init: true) do
        alias_method :complete?, :complete

        # The records, loaded when asked for; of a table that no model was found for, nil.
        def records
          model&.unscoped&.where(model.primary_key => ids.to_a)
        end
      end

      # One page of each association, and the token for the next.
      class Blockers
        include Enumerable

        attr_reader :token

        def initialize(pages, token)
          @pages, @token = pages.freeze, token
          freeze
        end

        def each(&block)
          return enum_for(:each) { @pages.size } unless block

          @pages.each(&block)
          self
        end

        def empty?
          @pages.empty?
        end

        # Those that stand in the way.
        def blocking
          @pages.select { |page| page.kind == :blocking }
        end
      end

      # Of a relation of ActiveRecord.
      module Relation
        # Deletes all rows, with what depends on them by the associations and foreign keys, in short transactions; inside a
        # transaction, in that. Gives each batch when it is done, and returns a Purge::Report. Callbacks of models that have
        # them run for a batch together. `rules` and `exclude` are those of Policy, and hold against what the associations say;
        # the other options are those of Purge.
        def purge_all(rules: [], exclude: [], callbacks: true, **options, &block)
          with_cascade(rules, exclude) do |connection, known, selection|
            options = Callbacks.options(known, options) if callbacks
            connection.purge(known.policy, selection, **options).run(&block)
          end.tap { reset }
        end

        # Puts the delete into the queue, for a worker; an ActiveJob is started for it when there is one. Returns the job's number.
        def purge_later(rules: [], exclude: [], callbacks: true, **options)
          with_cascade(rules, exclude) do |connection, known, selection|
            Callbacks.refuse(known, known.destroyed, "purge_later") if callbacks
            connection.queue.purge(known.policy, selection, **options).tap { Detaching.start_job(klass) }
          end
        end

        # What #purge_all would do.
        def purge_plan(rules: [], exclude: [], **options)
          with_cascade(rules, exclude) { |connection, known, selection| connection.plan(known.policy, selection, **options) }
        end

        # Rows that refer to these: those that stand in the way first. `limit` of each association; with a `token_key`, the
        # result has a `token` to go on with. The other options are those of Libcascade::Blockers.
        def dependent_blockers(rules: [], exclude: [], limit: 20, **options)
          with_cascade(rules, exclude) do |connection, known, selection|
            connection.blockers(known.policy, selection, limit: limit, **options) do |cursor|
              pages = cursor.map { |page| blocker(known, page) }
              Blockers.new(pages, options[:token_key] && cursor.token)
            end
          end
        end

        private

        def with_cascade(rules, exclude)
          session = Session.of(klass.connection)
          session.use do |connection|
            session.renewing do
              known = session.policy(klass, rules: rules, exclude: exclude)
              selection = Selecting.new(self, known.graph).selection
              begin
                yield connection, known, selection
              rescue BlockedError => e
                raise Purging.restriction(connection, known, selection, e) || e
              end
            end
          end
        end

        def blocker(known, page)
          relation = page.relation
          Blocker.new(association: known.association(relation), model: known.model_of(relation.table),
                      table: relation.table.label, ids: page.keys, kind: page.kind, complete: page.complete,
                      depth: page.depth, count: page.count, relation: relation).freeze
        end
      end

      # Of a model: as of its relation of all rows.
      module Model
        delegate :purge_all, :purge_later, :purge_plan, :dependent_blockers, to: :all
      end

      # Of a record.
      module Record
        # Deletes the row with what depends on it. false, with errors, when `dependent: :restrict_with_error` says no, or a
        # callback. With a lock_version, ActiveRecord::StaleObjectError when the row is another by now.
        def purge(**options)
          raise ::ActiveRecord::ReadOnlyRecord, "#{self.class} is marked as readonly" if readonly?

          report = cascade_self.where(cascade_version).purge_all(**options)
          return false if (report.vetoed + report.kept).positive? && cascade_self.exists?
          raise ::ActiveRecord::StaleObjectError.new(self, "purge") if cascade_stale?(report)

          @destroyed = true
          freeze
        rescue Purging::Restricted => e
          e.add_to(errors)
          false
        end

        # As #purge; raises ActiveRecord::RecordNotDestroyed in place of false.
        def purge!(**options)
          purge(**options) || raise(::ActiveRecord::RecordNotDestroyed.new("Failed to purge the record", self))
        end

        def dependent_blockers(**options)
          cascade_self.dependent_blockers(**options)
        end

        def purge_plan(**options)
          cascade_self.purge_plan(**options)
        end

        private

        def cascade_self
          key = self.class.primary_key
          self.class.unscoped.where(key.is_a?(Array) ? key.zip(id).to_h : { key => id_in_database })
        end

        # What optimistic locking compares, as ActiveRecord's own destroy does.
        def cascade_version
          locking_enabled? ? { self.class.locking_column => _lock_value_for_database(self.class.locking_column) } : {}
        end

        # The row was another from the beginning, or has become one while what hangs on it went.
        def cascade_stale?(report)
          locking_enabled? && (report.deleted.zero? || cascade_self.exists?)
        end
      end

      # A delete that `dependent: :restrict_with_error` forbids.
      class Restricted < BlockedError
        def initialize(error, reflection)
          super(error.message, table: error.table, relation: error.relation)
          @reflection = reflection
        end

        # As ActiveRecord's own destroy does.
        def add_to(errors)
          name = @reflection.active_record.human_attribute_name(@reflection.name).downcase
          errors.add(:base, :"restrict_dependent_destroy.#{@reflection.macro}", record: name)
        end
      end

      # The failure that an association's `dependent` asks for when rows block; nil when none does. Where a foreign key is what
      # blocks first, it is looked for rows that block by an association, as ActiveRecord does before it deletes anything.
      def self.restriction(connection, known, selection, error)
        relation = known.policy.relations.find { |other| other.label == error.relation }
        restricted(known, relation, error) ||
          blocking(connection, known, selection).filter_map { |other| restricted(known, other, error) }.first
      end

      def self.restricted(known, relation, error)
        reflection, dependent = relation && known.dependent(relation)
        case dependent
        when :restrict_with_exception then ::ActiveRecord::DeleteRestrictionError.new(reflection.name)
        when :restrict_with_error then Restricted.new(error, reflection)
        end
      end

      # Relations by which rows block, as far as can be seen in a moment.
      def self.blocking(connection, known, selection)
        connection.blockers(known.policy, selection, limit: 1, **LOOK) do |cursor|
          cursor.select { |page| page.kind == :blocking }.map(&:relation)
        end
      rescue Error
        []
      end
      LOOK = { depth: 16, max_rows: 1000, budget_ms: 1000 }.freeze
      private_class_method :restricted, :blocking
      private_constant :LOOK
    end
  end
end
