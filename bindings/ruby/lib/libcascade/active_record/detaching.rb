# frozen_string_literal: true

module Libcascade
  module ActiveRecord
    # `dependent: :detach_then_purge`: when the owner is destroyed, its rows are only set free, with one statement, and left to
    # the queue; workers delete them afterwards, with all that depends on them.
    module Detaching
      OPTION = :detach_then_purge

      # Makes the option known to associations.
      def self.install
        builders = ::ActiveRecord::Associations::Builder
        [builders::HasMany, builders::HasOne].each { |builder| builder.singleton_class.prepend(Builder) }
        [::ActiveRecord::Associations::HasManyAssociation, ::ActiveRecord::Associations::HasOneAssociation].each do |association|
          association.prepend(Association)
        end
        ::ActiveRecord::Reflection.singleton_class.prepend(Watch)
      end

      # Deletes the row of a record by setting free what its associations leave to the queue. The number of rows: 1 or 0.
      def self.delete(record)
        model = record.class
        session = Session.of(model.connection)
        session.use do |connection|
          session.renewing do
            known = session.policy(model)
            Callbacks.refuse(known, known.detached, "dependent: :#{OPTION}")
            selection = known.graph.select(model.table_name, keys: [record.id_in_database])
            report = connection.detach(known.policy, selection)
            start_job(model) if report.jobs.positive?
            report.deleted.positive? ? 1 : 0
          end
        end
      end

      # Starts an ActiveJob that works on the queue, when the transaction at hand has been committed.
      def self.start_job(model)
        return unless defined?(::ActiveJob::Base)

        require_relative "job"
        name = model.name
        connection = model.connection
        job = -> { PurgeJob.perform_later(name) }
        connection.transaction_open? ? connection.add_transaction_record(AfterCommit.new(connection, job)) : job.call
      end

      # Something that is done after a COMMIT, in the place of a record.
      class AfterCommit
        class << self
          attr_accessor :run_commit_callbacks_on_first_saved_instances_in_transaction
        end

        def initialize(connection, action)
          @connection, @action = connection, action
        end

        def committed!(should_run_callbacks: true)
          @action.call if should_run_callbacks
        end

        def before_committed!(*); end

        def rolledback!(*, **); end

        def add_to_transaction(*)
          @connection.add_transaction_record(self)
        end

        def trigger_transactional_callbacks?
          true
        end
        alias has_transactional_callbacks? trigger_transactional_callbacks?
      end
      private_constant :AfterCommit

      # Of the builders of has_many and has_one.
      module Builder
        def define_callbacks(model, reflection)
          super
          model.prepend(Deletion) if reflection.options[:dependent] == OPTION
        end

        private

        def valid_dependent_options
          super + [OPTION]
        end
      end
      private_constant :Builder

      # Before the owner's row goes, nothing is to be done.
      module Association
        def handle_dependency
          super unless options[:dependent] == OPTION
        end
      end
      private_constant :Association

      # Of models with such an association.
      module Deletion
        private

        def _delete_row
          Detaching.delete(self)
        end
      end
      private_constant :Deletion

      # A new association makes what was known of the others old.
      module Watch
        def add_reflection(*)
          super.tap { ActiveRecord.reset }
        end
      end
      private_constant :Watch
    end
  end
end
