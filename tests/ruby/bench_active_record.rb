# frozen_string_literal: true

# What a row costs: `dependent: :destroy` against `dependent: :detach_then_purge`, side by side, on models without callbacks.
#
# bench_active_record.rb ENGINE[,ENGINE] [AT_LEAST]: fails when the ratio is below AT_LEAST. The time of detach_then_purge is
# that of destroy and of the worker that deletes the rows; `away` is what the caller waits for.

require_relative "helper"
require "libcascade/active_record"

AT_LEAST = (ARGV.shift || 0).to_f
SLOW, FAST = 1_000, 50_000
ActiveRecord::Base.logger = nil

class Owner < ActiveRecord::Base
  self.table_name = "owners"
end

class ByDestroy < Owner
  has_many :things, foreign_key: :owner_id, dependent: :destroy
end

class ByDetaching < Owner
  has_many :things, foreign_key: :owner_id, dependent: :detach_then_purge
end

class Thing < ActiveRecord::Base; end

module Measure
  module_function

  def seconds
    start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    yield
    Process.clock_gettime(Process::CLOCK_MONOTONIC) - start
  end

  def define(connection)
    connection.create_table(:owners) { |t| t.string :name }
    connection.create_table(:things) do |t|
      t.references :owner, foreign_key: true
      t.string :name
    end
    Libcascade::ActiveRecord.install_queue(connection)
  end

  def owner(model, rows)
    made = model.create!(name: model.name)
    (1..rows).each_slice(5000) { |slice| Thing.insert_all!(slice.map { |n| { owner_id: made.id, name: "thing #{n}" } }) }
    Owner.connection.execute("ANALYZE#{" TABLE things" if Owner.connection.adapter_name == "Mysql2"}")
    made
  end

  # Microseconds for a row: destroyed; detached, all told; detached, for the caller.
  def per_row
    slow = owner(ByDestroy, SLOW)
    destroyed = seconds { slow.destroy! }
    fast = owner(ByDetaching, FAST)
    away = seconds { fast.destroy! }
    purged = seconds { Libcascade::ActiveRecord.work(Owner) }
    raise "rows are left" unless Thing.none? && Owner.none?

    [destroyed / SLOW, (away + purged) / FAST, away / FAST].map { |time| time * 1_000_000 }
  end

  def run(engine)
    database = Database.of(engine)
    ActiveRecord::Base.establish_connection(database.active_record)
    define(Owner.connection)
    Array.new(2) { per_row } # whatever comes first is slower
    found = per_row
    report(engine, *found)
  ensure
    ActiveRecord::Base.remove_connection
    database&.drop
  end

  def report(engine, destroyed, all, away)
    puts format("%-11s destroy %.1f us a row, detach_then_purge %.2f us (%.2f us until destroy returns): %.0f times, %.0f times",
        engine,
                destroyed, all, away, destroyed / all, destroyed / away)
    destroyed / all >= AT_LEAST
  end
end

$stdout.sync = true # exit! writes nothing out
ARGV.clear
good = ENGINES.map { |engine| Measure.run(engine) }.all?
exit!(good ? 0 : 1)
