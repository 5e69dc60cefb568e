# frozen_string_literal: true

require "active_record"
require "libcascade"

module Libcascade
  # The library for ActiveRecord: on its connections, in its transactions, by the rules of its associations.
  #
  #   User.where(gone: true).purge_all
  #   user.dependent_blockers
  #   has_many :events, dependent: :detach_then_purge
  module ActiveRecord
    # An association whose `dependent:` cannot be carried out in sets.
    class AssociationError < PolicyError; end

    # Callbacks that nobody would run.
    class CallbacksError < UnsupportedError; end

    @generation = 0

    class << self
      # Goes up when associations or the schema change: what was made of them before is made anew.
      attr_reader :generation

      # Forgets what is known of the schema, after a migration in the same process.
      def reset
        @generation += 1
      end

      # Works on the jobs of the queue in a model's database until none is due, in a session of its own. Says what was done.
      def work(model = ::ActiveRecord::Base, **options)
        Address.session(model.connection) { |connection| connection.queue.worker(**options, &:run) }
      end

      # Makes the tables of the queue, where they are not there: for a migration.
      def install_queue(connection = ::ActiveRecord::Base.connection)
        Session.of(connection).use { |session| session.queue.install }
        reset
      end
    end
  end
end

require_relative "active_record/driver"
require_relative "active_record/session"
require_relative "active_record/address"
require_relative "active_record/rules"
require_relative "active_record/selecting"
require_relative "active_record/callbacks"
require_relative "active_record/purging"
require_relative "active_record/detaching"

ActiveSupport.on_load(:active_record) do
  include Libcascade::ActiveRecord::Purging::Record
  extend Libcascade::ActiveRecord::Purging::Model
  ::ActiveRecord::Relation.include(Libcascade::ActiveRecord::Purging::Relation)
  Libcascade::ActiveRecord::Detaching.install
end
