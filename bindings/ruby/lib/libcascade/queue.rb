# frozen_string_literal: true

require "json"

module Libcascade
  # Work that is done later, by workers: detached rows, and purges. A few tables in the database.
  class Queue
    # The statements that make the tables, for a migration of the host's. `engine`: :sqlite, :postgresql or :mariadb.
    def self.ddl(engine)
      Native.fetch_text(:queue_ddl, engine.to_s)
    end

    def self.job_options(given)
      given = given.merge(Hooks.columns(given[:columns])) if given[:columns]
      given = given.merge(allow: given[:allow] && ALLOW.bits(given[:allow]),
          integrity: given[:integrity] && INTEGRITY.number(given[:integrity]))
      Native::JobOptions.make(**given)
    end

    def self.detach_options(given)
      given = given.dup
      job = given.delete(:job)
      given[:allow] &&= ALLOW.bits(given[:allow])
      Native::DetachOptions.make(**given, job: job && job_options(job))
    end

    def initialize(connection)
      @connection = connection
    end

    # Makes the tables where they are not there.
    def install
      @connection.call(:queue_install)
      self
    end

    # Puts a purge into the queue, and gives the number of the job. Options are those of `cascade_job_options`; `columns` has names
    # of columns by tables, for the outbox.
    def purge(policy, selection, **options)
      job = FFI::MemoryPointer.new(:int64)
      @connection.call(:queue_purge, Policy.expect(policy), Selection.expect(selection), Queue.job_options(options), job)
      job.read_int64
    end

    # Puts a back-fill into the queue, which has sources and has not begun, and gives the number of the job.
    def fill(fill, **options)
      job = FFI::MemoryPointer.new(:int64)
      Fill.expect(fill).put_into_queue(Queue.job_options(options), job)
      job.read_int64
    end

    # Ends a job that is ready, claimed or dead.
    def cancel(job)
      @connection.call(:queue_cancel, job)
      self
    end

    # Pauses a job, or all: whoever is at work on it stops after the batch.
    def pause(job = 0)
      @connection.call(:queue_pause, job)
      self
    end

    # Ends a pause.
    def resume(job = 0)
      @connection.call(:queue_resume, job)
      self
    end

    # Makes a job that is dead or cancelled ready again.
    def retry(job)
      @connection.call(:queue_retry, job)
      self
    end

    # Jobs as hashes, by their numbers. `state`: "ready", "claimed", "paused", "done", "dead" or "cancelled".
    def list(state: nil, after: 0, limit: 0)
      options = Native::QueueListOptions.make(state: state&.to_s, after: after, limit: limit)
      JSON.parse(@connection.call_for_text(:queue_list, options), symbolize_names: true)[:jobs]
    end

    # The state of the queue as a hash.
    def metrics
      JSON.parse(@connection.call_for_text(:queue_metrics), symbolize_names: true)
    end

    # A worker on this session, which is outside any transaction. See Worker.
    def worker(**options, &block)
      Worker.open(@connection, **options, &block)
    end
  end

  # A session that works on the jobs of a queue.
  class Worker < Connection::Child
    kind :worker
    include Told

    MEMBERS = %i[job claimed done failed lost batches deleted updated kept paused inserted].freeze
    Report = Struct.new(*MEMBERS, keyword_init: true)
    private_constant :MEMBERS

    # Options are those of `cascade_worker_options`. Hooks and `columns` are those of a Purge, for every job that is one. What a
    # hook raises is the failure of the job, which keeps it as its reason and is tried again; the worker goes on. What is no
    # StandardError comes out of #step.
    def self.open(connection, throttle: nil, archive: nil, before_batch: nil, after_batch: nil, after_commit: nil, columns: {},
        **options, &block)
      hooks = JobHooks.new(before_batch: before_batch, after_batch: after_batch, after_commit: after_commit)
      options = Native::WorkerOptions.make(**options, **Hooks.columns(columns), **hooks.options,
          throttle: throttle && Throttle.expect(throttle).to_ptr, archive: archive && Archive.expect(archive).to_ptr)
      others = [throttle, archive].compact
      pointer = connection.fetch(:worker_free, :worker_new, options, with: others)
      open_with(hooks.purge = new(pointer, connection, hooks).hold(*others), &block)
    end

    def initialize(pointer, connection, hooks)
      super(pointer, connection)
      @hooks = hooks
    end

    # What a hook talks to: see Told.
    def at_work
      Native.worker_purge(self)
    end

    # Does the next piece of work; false when no job is due.
    def step
      call(:worker_step) != Native::CONSTANTS["CASCADE_DONE"]
    end

    # Works until no job is due, and says what was done.
    def run
      nil while step
      report
    end

    # Stops the worker, from any thread: #step gives its job back and raises CancelledError.
    def cancel
      Native.worker_cancel(self) unless closed?
    end

    def report
      Report.new(**describe(Native::WorkerReport, :worker_describe).to_h(*MEMBERS)).freeze
    end
  end
end
