# frozen_string_literal: true

# differential.rb sqlite|postgresql|mariadb [FIRST-LAST]
#
# Random models with random rows. Each delete is done by ActiveRecord, and, from the same rows, by the library: rows that survive,
# counters and touched rows, what is raised, and callbacks must be equal.

require_relative "helper"
require "active_job"
require "libcascade/active_record"
require_relative "random_models"

Minitest.singleton_class.send(:define_method, :run) { |*| true } # this is no test of minitest's
ActiveSupport::Deprecation.silenced = true
ActiveRecord::Base.logger = nil
ActiveJob::Base.logger = nil
ActiveJob::Base.queue_adapter = :test
ActiveRecord::Base.destroy_association_async_job = ActiveRecord::DestroyAssociationAsyncJob

ROUNDS = 3
RESTRICTED = %i[restrict_with_error restrict_with_exception].freeze

# What a delete gave, which callbacks were called, and what is left.
class Outcome
  attr_reader :result, :told, :left, :error

  def initialize(schema)
    @result = attempt { yield }
    @told = schema.log.tally
    @left = schema.snapshot
  end

  def done?
    result == :done
  end

  private

  def attempt
    yield
    :done
  rescue ActiveRecord::DeleteRestrictionError => e
    failed(e, :restrict_with_exception)
  rescue ActiveRecord::RecordNotDestroyed, Libcascade::ActiveRecord::Purging::Restricted => e
    failed(e, :restrict_with_error)
  rescue ActiveRecord::StatementInvalid, Libcascade::BlockedError, Libcascade::ConstraintError, Libcascade::ConstraintFkError => e
    failed(e, :integrity)
  rescue SystemStackError, Delete::Later # rows in a circle; jobs that fail when the rest has gone
    Record.connection.verify! # which may have been left amid a statement
    :unlike
  rescue Libcascade::PolicyError, Libcascade::UnsupportedError, Libcascade::NoKeyError => e
    failed(e, :refused)
  end

  def failed(error, result)
    @error = error
    result
  end
end

# One delete: which rows, and how they are given.
class Delete
  attr_reader :model

  def initialize(schema, random)
    @schema = schema
    @model = schema.roots.sample(random: random)
    keys = model.constantize.order(:id).pluck(:id)
    @keys = keys.sample(random.rand(keys.size + 1), random: random)
    @way = %i[keys keys record all condition].sample(random: random)
    @way = :all if @way == :record && @keys.empty?
  end

  def to_s
    "#{model} #{@way} #{@keys}"
  end

  def rows
    all = model.constantize.all
    case @way
    when :all then all
    when :condition then all.where("n < ?", 2)
    else all.where(id: @keys)
    end
  end

  # By ActiveRecord: all of it or nothing. With a `schema`, foreign keys are checked at the end.
  def destroy(backwards, schema = nil)
    Record.transaction do
      schema&.defer
      next model.constantize.find(@keys.first).destroy! if @way == :record

      found = rows.order(:id).to_a
      (backwards ? found.reverse : found).each(&:destroy!)
    end
    perform
  end

  # What ActiveRecord had left to jobs, and did not succeed in.
  class Later < StandardError; end

  def purge
    @way == :record ? model.constantize.find(@keys.first).purge! : rows.purge_all(allow: :no_filter)
  end

  # Detached, by ActiveRecord's own destroy, and purged by a worker.
  def detach
    destroy(false)
    Libcascade::ActiveRecord.work(Record)
  end

  private

  def perform
    jobs = ActiveJob::Base.queue_adapter.enqueued_jobs
    kept = %w[job_class arguments job_id queue_name executions exception_executions locale timezone]
    ActiveJob::Base.execute(jobs.shift.slice(*kept)) until jobs.empty?
  rescue ActiveRecord::ActiveRecordError
    raise Later
  end
end

# One schema: deletes by both, from the same rows.
class Seed
  attr_reader :differences

  def initialize(seed, engine, tally)
    @seed, @tally, @differences = seed, tally, []
    @schema = Schema.new(seed, engine)
    random = Random.new(seed + 1)
    @schema.define
    ROUNDS.times { compare(Delete.new(@schema, random)) }
  ensure
    @schema&.drop
  end

  private

  def compare(delete)
    stock = [false, true].product([false, true]).map { |reversed, backwards| outcome(reversed) { delete.destroy(backwards) } }
    ours = outcome(false) { delete.purge }
    kind = kind(stock, ours)
    @tally[kind] += 1
    detach(delete, stock.first) if @schema.async? && stock.all?(&:done?) && ours.done?
    return if %i[unlike refused].include?(kind)

    stock = [outcome(false) { delete.destroy(false, @schema) }] if kind == :checked_at_the_end
    near = stock.min_by { |other| differ(other, ours).size }
    different = differ(near, ours)
    return if different.empty? || protected?(near, ours)

    @differences << "seed #{@seed}: #{delete}: #{different} (#{stock.map(&:result)}, #{near.error}; #{ours.error})"
  end

  # What ActiveRecord leaves to jobs, left to the queue.
  def detach(delete, stock)
    ours = outcome(false, detached: true) { delete.detach }
    @tally[:"detached #{ours.result}"] += 1
    return if ours.result == :refused || (ours.done? && stock.left == ours.left)

    @differences << "seed #{@seed}: #{delete}, detached: #{differ(stock, ours)} #{ours.error}"
  end

  # What can be compared with what. Jobs of ActiveRecord's fail when the rest has gone already, or silently. ActiveRecord deletes
  # row by row, and a foreign key may refuse for a row that would go a little later: then what it does is what it would do if all
  # were checked at the end.
  def kind(stock, ours)
    return :unlike if stock.any? { |other| other.result == :unlike }
    return :unlike if @schema.async? && RESTRICTED.include?(ours.result) && stock.all?(&:done?)
    return :checked_at_the_end if ours.done? && stock.all? { |other| other.result == :integrity }

    ours.result
  end

  # A row that a restriction speaks of blocks even when it would go by another way; with ActiveRecord, only if it has not gone yet.
  def protected?(stock, ours)
    return false unless stock.done? && RESTRICTED.include?(ours.result)

    blocked = ours.error.cause || ours.error
    tables = blocked.is_a?(Libcascade::Error) ? [blocked.relation[/\A\w+/]] : @schema.names # purge! does not say which
    tables.any? { |table| stock.left.fetch(table).size < @schema.size(table) }.tap { |gone| @tally[:protected] += 1 if gone }
  end

  def outcome(reversed, detached: false, &block)
    @schema.define(reversed: reversed, detached: detached)
    @schema.restore
    ActiveJob::Base.queue_adapter.enqueued_jobs.clear
    Outcome.new(@schema, &block)
  end

  def differ(stock, ours)
    found = {}
    # Which of several restrictions is asked first is not said, and they are named before foreign keys.
    found[:result] = [stock.result, ours.result] unless stock.result == ours.result ||
                                                        (RESTRICTED.include?(ours.result) && !stock.done?)
    if stock.left != ours.left
      found[:rows] = stock.left.map { |table, rows| [table, rows - ours.left[table], ours.left[table] - rows] }
                          .reject { |_, less, more| less.empty? && more.empty? }
    end
    return found unless stock.done? && ours.done?

    once = ours.told.values.all?(1) # by ActiveRecord, once for each way to the row
    found[:told] = [stock.told, ours.told] unless once && stock.told.keys.sort == ours.told.keys.sort
    found
  end
end

$stdout.sync = true # exit! writes nothing out
engine = ENGINES.first
count = ENV["CASCADE_LONG"] ? 200 : { "sqlite" => 20 }.fetch(engine, 10)
count = 8 if ENV["CASCADE_QUICK"]
first, last = (ARGV.shift || "1-#{count}").split("-").map(&:to_i)
database = Database.of(engine)
Record.establish_connection(database.active_record)
Record.connection.execute("SET client_min_messages = warning") if engine == "postgresql"
Libcascade::ActiveRecord.install_queue(Record.connection)
tally = Hash.new(0)
differences = (first..(last || first)).flat_map do |seed|
  Seed.new(seed, engine, tally).differences
rescue StandardError => e
  raise unless last

  ["seed #{seed}: #{e.class}: #{e.message} #{e.backtrace.first(3)}"]
end
Record.remove_connection
database.drop
puts "#{first}-#{last} on #{engine}: #{tally.sort_by { |key, _| key.to_s }.map { |what, times| "#{times} #{what}" }.join(", ")}"
puts differences.first(20), "#{differences.size} differences"
exit!(differences.empty? ? 0 : 1)
