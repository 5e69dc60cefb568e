# frozen_string_literal: true

require "active_job"

module Libcascade
  module ActiveRecord
    # Works on the queue, for a while at a time, until there is nothing left to do.
    class PurgeJob < ::ActiveJob::Base
      # Seconds after which the work goes on in a new job, and after which it is looked for jobs that were to wait.
      TURN, PAUSE = 60, 10

      queue_as :default

      # `model`: the name of one whose connection leads to the queue.
      def perform(model)
        Address.session(model.constantize.connection) { |session| go_on(model, session) }
      end

      private

      def go_on(model, session)
        till = Process.clock_gettime(Process::CLOCK_MONOTONIC) + TURN
        more = session.queue.worker do |worker|
          nil while (step = worker.step) && Process.clock_gettime(Process::CLOCK_MONOTONIC) < till
          step
        end
        return self.class.perform_later(model) if more

        waiting = %i[ready claimed].any? { |state| session.queue.list(state: state, limit: 1).any? }
        self.class.set(wait: PAUSE).perform_later(model) if waiting
      end
    end
  end
end
