# frozen_string_literal: true

# ActiveRecord: rules from associations, purges on its connection and in its transactions, callbacks, the queue.

require_relative "helper"
require "active_job"
require "minitest/mock"
require "libcascade/active_record"

ActiveSupport::Deprecation.silenced = true
ActiveJob::Base.logger = Logger.new(nil)
ActiveRecord::Base.logger = nil
I18n.load_path += Dir[File.join(Gem.loaded_specs["activerecord"].full_gem_path, "lib/active_record/locale/en.yml")]

class Record < ActiveRecord::Base
  self.abstract_class = true
end

class Account < Record
  has_many :posts, dependent: :destroy
  has_many :drafts, -> { where(state: "draft") }, class_name: "Post"
  has_many :sessions, dependent: :delete_all
  has_many :invoices, dependent: :restrict_with_error
  has_many :contracts, dependent: :restrict_with_exception
  has_many :letters, dependent: :nullify
  has_many :notes, as: :about, dependent: :destroy
  has_one :profile, dependent: :destroy
  has_and_belongs_to_many :groups
end

class Group < Record
  has_and_belongs_to_many :accounts
end

class Post < Record
  belongs_to :account, counter_cache: true
  belongs_to :topic, counter_cache: true, optional: true
  has_many :comments, dependent: :destroy
  has_many :notes, as: :about, dependent: :delete_all
end

class Topic < Record
  has_many :posts
end

class Comment < Record
  LOG = [] # rubocop:disable Style/MutableConstant
  belongs_to :post, touch: true
  before_destroy :ask
  after_destroy { LOG << [:after, id, destroyed?, frozen?] }
  after_commit(on: :destroy) { LOG << [:commit, id] }
  after_rollback { LOG << [:rollback, id] }

  def ask
    LOG << [:before, id]
    raise IOError, "no more" if body == "raise"

    throw :abort if body == "keep"
  end
end

class Session < Record; end
class Invoice < Record; end
class Contract < Record; end
class Letter < Record; end
class Profile < Record; end
class Note < Record; end

class Machine < Record
  has_many :events, dependent: :detach_then_purge
  has_many :labels, dependent: :destroy
end

class Event < Record
  belongs_to :machine, optional: true
  has_many :details, dependent: :destroy
end

class Detail < Record; end
class Label < Record; end

class Driver < Record; end

class Vehicle < Record
  has_many :trips, dependent: :destroy
  has_and_belongs_to_many :drivers
end

class Car < Vehicle
  has_many :tolls, dependent: :nullify
end

class Trip < Record; end
class Toll < Record; end

class Sheet < Record
  has_many :stains, dependent: :destroy
end

class Stain < Record; end

module Schema
  # The database's own foreign keys refuse nearly everything.
  def self.define(connection)
    connection.instance_exec do
      create_table(:accounts) { |t| t.string :name; t.integer :posts_count, default: 0 }
      create_table(:topics) { |t| t.integer :posts_count, default: 0 }
      create_table(:posts) { |t| t.references :account, foreign_key: true; t.references :topic,
          foreign_key: true; t.string :state; t.timestamps null: true }
      create_table(:comments) { |t| t.references :post, foreign_key: true; t.string :body }
      %i[sessions invoices contracts letters profiles].each { |name| create_table(name) { |t| t.references :account,
          foreign_key: true } }
      create_table(:notes) { |t| t.references :about, polymorphic: true; t.string :body }
      create_table(:groups) { |t| t.string :name }
      create_table(:accounts_groups, id: adapter_name == "Mysql2" && :primary_key) { |t| t.references :account,
          foreign_key: true; t.references :group, foreign_key: true }
      create_table(:machines) { |t| t.string :name }
      create_table(:events) { |t| t.references :machine, foreign_key: true }
      create_table(:details) { |t| t.references :event, foreign_key: true }
      create_table(:labels) { |t| t.references :machine, foreign_key: true }
      create_table(:vehicles) { |t| t.string :type }
      create_table(:trips) { |t| t.references :vehicle, foreign_key: true }
      create_table(:drivers) { |t| t.string :name }
      create_table(:drivers_vehicles, id: false) do |t|
        t.references :vehicle, foreign_key: true
        t.references :driver, foreign_key: true
      end
      create_table(:sheets) { |t| t.integer :lock_version }
      create_table(:stains) { |t| t.references :sheet, foreign_key: true; t.integer :lock_version, default: 0 }
      create_table(:tolls) { |t| t.references :car, foreign_key: { to_table: :vehicles } }
    end
  end
end

module ActiveRecordTests
  TABLES = %w[comments notes sessions invoices contracts letters profiles accounts_groups groups posts topics accounts details
              events labels machines drivers_vehicles drivers tolls trips vehicles stains sheets].freeze

  def self.included(test)
    test.singleton_class.attr_accessor :database
  end

  def setup
    self.class.database ||= Database.of(self.class::ENGINE).tap do |made|
      Minitest.after_run { Record.remove_connection; made.drop }
      Record.establish_connection(made.active_record)
      Schema.define(Record.connection)
      Libcascade::ActiveRecord.install_queue(Record.connection)
    end
    TABLES.each { |table| Record.connection.execute("DELETE FROM #{table}") }
    Record.connection.execute("DELETE FROM cascade_queue_job")
    ActiveJob::Base.queue_adapter = :test
    ActiveJob::Base.queue_adapter.enqueued_jobs.clear
    Comment::LOG.clear
  end

  def account(name = "a", posts: 2, comments: 2)
    Account.create!(name: name).tap do |made|
      posts.times do |n|
        post = made.posts.create!(state: n.zero? ? "draft" : "live", topic: @topic)
        comments.times { post.comments.create!(body: "c") }
        post.notes.create!
      end
      made.sessions.create!
      made.letters.create!
      made.notes.create!
      made.create_profile!
      made.groups << Group.create!
    end
  end

  def counts(*models)
    models.map { |model| model.unscoped.count }
  end

  def joins
    Record.connection.select_value("SELECT COUNT(*) FROM accounts_groups").to_i
  end

  def test_purge_all_does_what_destroy_does
    stays = account("stays")
    gone = account("gone")
    Note.create!(about_type: "Other", about_id: gone.id)
    report = Account.where(name: "gone").purge_all
    assert_predicate report, :finished?
    assert_equal [stays], Account.all.to_a
    assert_equal [2, 4, 1, 2, 1, 2, 4], counts(Post, Comment, Session, Letter, Profile, Group, Note)
    assert_equal 1, joins
    assert_equal [nil, stays.id], Letter.order(:id).pluck(:account_id).sort_by(&:to_i)
    assert_equal 0, Comment.where.not(post_id: Post.select(:id)).count
  end

  def test_what_remains_equals_what_destroy_leaves
    left = %i[destroy_all purge_all].map do |way|
      TABLES.each { |table| Record.connection.execute("DELETE FROM #{table}") }
      Comment::LOG.clear
      first, second = account("x"), account("y")
      ids = { first.id => 1, second.id => 2, nil => nil }
      Account.where(name: "y").public_send(way)
      [counts(Account, Post, Comment, Session, Letter, Profile, Note, Group), joins,
          Letter.pluck(:account_id).map { |id| ids[id] }.compact,
       Comment::LOG.map(&:first).tally]
    end
    assert_equal left.first, left.last
  end

  def test_restrictions
    one = account
    invoice = one.invoices.create!
    error = assert_raises(Libcascade::BlockedError) { Account.all.where(id: one.id).purge_all }
    assert_match(/invoices\(account_id\)/, error.relation)
    refute one.purge
    assert_equal ["Cannot delete record because dependent invoices exist"], one.errors.full_messages
    assert_raises(ActiveRecord::RecordNotDestroyed) { one.purge! }
    invoice.destroy
    contract = one.contracts.create!
    assert_raises(ActiveRecord::DeleteRestrictionError) { one.purge }
    assert_equal [1, 2], counts(Account, Post)
    contract.destroy
    assert_same one, one.purge
    assert_predicate one, :destroyed?
    assert_predicate one, :frozen?
    assert_equal [0, 0], counts(Account, Post)
  end

  # As ActiveRecord's own destroy: of the record's row, whose lock_version may be NULL, and not of those that go with it.
  def test_optimistic_locking
    [nil, 1].each do |version|
      sheet = Sheet.create!
      sheet.stains.create!.touch
      Sheet.update_all(lock_version: version)
      stale, gone = Array.new(2) { Sheet.find(sheet.id) }
      Sheet.update_all(lock_version: 7)
      errors = %i[destroy purge purge!].map do |way|
        assert_raises(ActiveRecord::StaleObjectError) { Sheet.transaction(requires_new: true) { stale.public_send(way) } }
      end
      assert_equal %w[destroy purge purge], errors.map(&:attempted_action)
      assert_equal [false, false, 1, 1], [stale.frozen?, stale.destroyed?, *counts(Sheet, Stain)]
      Sheet.update_all(lock_version: version)
      assert_same stale, stale.purge
      assert_equal [0, 0], counts(Sheet, Stain)
      assert_raises(ActiveRecord::StaleObjectError) { gone.purge }
    end
  end

  # Others write the row while what hangs on it goes, batch after batch.
  def test_optimistic_locking_between_batches
    sheet = Sheet.create!
    30.times { sheet.stains.create! }
    write = ->(_) { Sheet.update_all("lock_version = lock_version + 1") }
    assert_raises(ActiveRecord::StaleObjectError) { sheet.purge(max_tx_rows: 10, after_commit: write) }
    assert_equal 1, Sheet.count
    assert_includes 1...30, Stain.count
    assert_same sheet.reload, sheet.purge
    assert_equal [0, 0], counts(Sheet, Stain)
  end

  def test_blockers
    one = account
    invoices = Array.new(3) { one.invoices.create! }
    found = one.dependent_blockers(limit: 2)
    blocking = found.blocking
    assert_equal [:invoices], blocking.map { |blocker| blocker.association.name }
    assert_equal [Invoice, invoices.first(2).map(&:id), false], [blocking[0].model, blocking[0].ids.to_a, blocking[0].complete?]
    assert_equal invoices.first(2), blocking[0].records.order(:id).to_a
    secret = "s" * 32
    first = Account.where(id: one.id).dependent_blockers(limit: 2, token_key: secret, rounds: 1)
    rest = Account.where(id: one.id).dependent_blockers(limit: 2, token_key: secret, token: first.token)
    assert_kind_of String, first.token
    assert_equal [], rest.to_a.map(&:ids).map(&:to_a).flatten & blocking[0].ids.to_a
    assert_equal :cascading, found.find { |blocker| blocker.model == Post }.kind
    assert_predicate one.purge_plan, :blocked?
    assert_match(/posts/, one.purge_plan.to_s)
  end

  def test_relations_of_all_kinds
    made = Array.new(6) { |n| account("n#{n}", posts: 1, comments: 0) }
    assert_equal 0, Account.none.purge_all.deleted
    assert_raises(Libcascade::NoFilterError) { Account.purge_all }
    Account.order(:id).limit(1).purge_all
    assert_equal 5, Account.count
    Account.where(name: "n1").or(Account.where(id: made[2].id)).purge_all
    assert_equal 3, Account.count
    Account.joins(:posts).where(posts: { id: made[3].posts.first.id }).purge_all
    assert_equal made[4..].map(&:id), Account.order(:id).pluck(:id)
    Account.where(id: Post.where(account_id: made[4].id).select(:account_id)).purge_all
    Account.where("name = ?", "n5").purge_all
    assert_equal [0, 0, 0], counts(Account, Post, Session)
    account
    Account.purge_all(allow: :no_filter)
    assert_equal 0, Account.count
  end

  def test_callbacks_in_batches
    account(posts: 2, comments: 3)
    ids = Comment.order(:id).pluck(:id)
    statements = count_statements { Account.where(name: "a").purge_all }
    assert_equal ids.sort, Comment::LOG.select { |entry| entry.first == :before }.map(&:last).sort
    assert_equal ids.map { |id| [:after, id, true, true] },
        Comment::LOG.select { |entry| entry.first == :after }.sort_by { |entry| entry[1] }
    assert_equal ids, Comment::LOG.select { |entry| entry.first == :commit }.map(&:last).sort
    assert_operator statements.grep(/FROM .comments. WHERE .comments.\..id. IN/).size, :<=, 1
    account(posts: 1, comments: 1)
    Comment::LOG.clear
    Account.where(name: "a").purge_all(callbacks: false)
    assert_empty Comment::LOG
    assert_equal 0, Comment.count
  end

  def test_a_callback_that_says_no
    one = account(posts: 2, comments: 1)
    kept = one.posts.order(:id).first.comments.create!(body: "keep")
    report = Account.where(id: one.id).purge_all
    assert_equal [1, true], [report.vetoed, report.finished?]
    assert_equal [[one], [kept.post], [kept]], [Account.all.to_a, Post.all.to_a, Comment.all.to_a]
    refute one.purge
    assert_raises(ActiveRecord::RecordNotDestroyed) { one.purge! }
  end

  def test_a_callback_that_raises
    one = account
    one.posts.first.comments.create!(body: "raise")
    before = counts(Account, Post, Comment, Session)
    assert_raises(IOError) { one.purge }
    assert_equal before, counts(Account, Post, Comment, Session)
    refute Record.connection.transaction_open?
    Comment.where(body: "raise").update_all(body: "c")
    assert one.purge
  end

  def test_counters
    @topic = Topic.create!
    account("a", posts: 2)
    account("b", posts: 3)
    assert_equal 5, @topic.reload.posts_count
    Account.where(name: "b").purge_all
    assert_equal 2, @topic.reload.posts_count
  end

  def test_inside_a_transaction
    one = account
    before = counts(Account, Post, Comment, Session, Note, Letter) + [joins]
    Account.transaction do
      one.reload.name = "new"
      one.save!
      Account.where(id: one.id).purge_all
      assert_equal 0, Account.count
      assert_empty Comment::LOG.select { |entry| entry.first == :commit }
      raise ActiveRecord::Rollback
    end
    assert_equal before, counts(Account, Post, Comment, Session, Note, Letter) + [joins]
    assert_equal "a", Account.find(one.id).name
    assert_equal 4, Comment::LOG.count { |entry| entry.first == :rollback }
    Account.transaction do
      Account.transaction(requires_new: true) do
        Account.where(id: one.id).purge_all
        raise ActiveRecord::Rollback
      end
      assert_equal 1, Account.count
      Account.where(id: one.id).purge_all
    end
    assert_equal [0, 0], counts(Account, Comment)
    assert_equal 4, Comment::LOG.count { |entry| entry.first == :commit }
  end

  def test_hooks_write_with_active_record
    one = account
    written = nil
    Account.where(id: one.id).purge_all(after_batch: lambda { |tables|
      Group.transaction { written = Group.create!(name: "log #{tables.size}") }
    })
    assert_equal written, Group.find_by("name LIKE ?", "log%")
    two = account
    assert_raises(IOError) { Account.where(id: two.id).purge_all(after_batch: ->(_) { Group.create!(name: "lost") &&
        raise(IOError) }) }
    assert_nil Group.find_by(name: "lost")
    assert_equal 1, Account.count
  end

  def test_detach_then_purge
    machine = Machine.create!
    other = Machine.create!
    events = Array.new(5) { machine.events.create!.tap { |event| event.details.create! } }
    orphan = Event.create!
    stays = other.events.create!
    machine.labels.create!
    Machine.transaction do
      machine.destroy
      assert_empty ActiveJob::Base.queue_adapter.enqueued_jobs
    end
    assert_predicate machine, :destroyed?
    assert_equal [1, 7, 5, 0], counts(Machine, Event, Detail, Label)
    assert_equal [nil], Event.where(id: events.map(&:id)).distinct.pluck(:machine_id)
    assert_equal [Libcascade::ActiveRecord::PurgeJob], ActiveJob::Base.queue_adapter.enqueued_jobs.map { |job| job[:job] }
    Libcascade::ActiveRecord::PurgeJob.perform_now("Machine")
    assert_equal [orphan.id, stays.id], Event.order(:id).pluck(:id)
    assert_equal 0, Detail.count
  end

  def test_detach_then_purge_that_is_rolled_back
    machine = Machine.create!
    2.times { machine.events.create! }
    Machine.transaction do
      machine.destroy!
      raise ActiveRecord::Rollback
    end
    assert_equal [1, 2], [Machine.count, machine.events.reload.count]
    assert_empty ActiveJob::Base.queue_adapter.enqueued_jobs
    assert_equal 0, Libcascade::ActiveRecord.work(Record).claimed
    Machine.where(id: machine.id).purge_all
    assert_equal [0, 0], counts(Machine, Event)
  end

  # A worker has a session of its own, in the same place; and ActiveRecord's where there is no address for another.
  def test_where_workers_work
    Libcascade::ActiveRecord::Address.session(Record.connection) do |session|
      assert_nil session.driver
      assert_equal Libcascade::ActiveRecord::Session.of(Record.connection).graph.table("machines").label,
          session.graph.table("machines").label
    end
    machine = Machine.create!
    machine.events.create!
    machine.destroy
    Libcascade::ActiveRecord::Address.stub(:of, nil) { assert_equal 1, Libcascade::ActiveRecord.work(Record).deleted }
    assert_equal 0, Event.count
  end

  def test_purge_later
    machine = Machine.create!
    machine.events.create!
    job = Machine.where(id: machine.id).purge_later(max_attempts: 2)
    assert_kind_of Integer, job
    assert_equal [1, 1], counts(Machine, Event)
    assert_equal 2, Libcascade::ActiveRecord.work(Record).deleted
    assert_equal [0, 0], counts(Machine, Event)
    error = assert_raises(Libcascade::ActiveRecord::CallbacksError) { Account.where(id: 1).purge_later }
    assert_match(/Comment \(.*ask/, error.message)
  end

  def test_subclasses_in_one_table
    car = Car.create!
    Trip.create!(vehicle_id: car.id)
    toll = Toll.create!(car_id: car.id)
    Vehicle.create!
    Car.where(id: car.id).purge_all
    assert_equal [1, 0, nil], [Vehicle.count, Trip.count, toll.reload.car_id]
  end

  # Which MariaDB cannot tell apart: they go by what they refer to, a transaction's rows at a time.
  def test_join_rows_without_a_key
    drivers = Array.new(3) { Driver.create! }
    vehicles = Array.new(3) { Vehicle.create!(drivers: drivers) }
    gone = Vehicle.where(id: vehicles.first(2).map(&:id))
    assert_equal 8, gone.purge_plan.deleted
    if self.class::ENGINE == "mariadb"
      error = assert_raises(Libcascade::NoKeyError) { gone.purge_all(after_batch: ->(_) {}) }
      assert_match(/drivers_vehicles .*hooks/, error.message)
    end
    assert_raises(Libcascade::MaxRowsError) { gone.purge_all(max_rows: 7) }
    sizes = []
    report = gone.purge_all(max_tx_rows: 2) { |batch| sizes << batch.deleted }
    assert_equal 8, report.deleted
    assert_operator sizes.max, :<=, 2
    assert_equal 3, Record.connection.select_value("SELECT COUNT(*) FROM drivers_vehicles").to_i
    vehicles.last.purge!
    assert_equal [0, 3], counts(Vehicle, Driver)
  end

  def test_rules_of_the_callers_own
    one = account
    one.invoices.create!
    Account.where(id: one.id).purge_all(rules: [{ table: "invoices", columns: "account_id", rule: :set_null }])
    assert_equal [0, 1], counts(Account, Invoice)
  end

  def test_a_scope_that_a_foreign_key_contradicts
    part = Class.new(Record) do
      self.table_name = "accounts"
      def self.name
        "Part"
      end
      has_many :drafts, -> { where(state: "draft") }, class_name: "Post", foreign_key: :account_id, dependent: :destroy
    end
    error = assert_raises(Libcascade::ActiveRecord::AssociationError) { part.where(id: 1).purge_all }
    assert_match(/Part\.drafts.*draft.*posts has a foreign key/, error.message)
  end

  def named(name, parent = Record, &block)
    Class.new(parent, &block).tap { |made| Object.const_set(name, made) }
  end

  def unname(*names)
    names.each { |name| Object.send(:remove_const, name) if Object.const_defined?(name) }
  end

  # As gems have it that mark rows instead of deleting them.
  def test_a_destroy_of_the_models_own
    named(:Marked) do
      self.table_name = "labels"
      define_method(:destroy) { update_columns(machine_id: nil) }
    end
    owner = named(:Owner) do
      self.table_name = "machines"
      has_many :marked, class_name: "Marked", foreign_key: :machine_id, dependent: :destroy
    end
    one = owner.create!
    one.marked.create!
    %i[purge_all purge_later].each do |way|
      error = assert_raises(Libcascade::ActiveRecord::CallbacksError) { owner.where(id: one.id).public_send(way) }
      assert_match(/Marked.*destroy/, error.message)
    end
    assert_equal [1, 1], counts(owner, Label)
    assert_equal 2, owner.where(id: one.id).purge_all(callbacks: false).deleted
  ensure
    unname(:Marked, :Owner)
  end

  # Where a table may have the same name.
  def test_an_association_into_another_database
    other = Database.of(self.class::ENGINE)
    far = named(:Far, ActiveRecord::Base) { self.abstract_class = true }
    far.establish_connection(other.active_record)
    far.connection.create_table(:trips) { |t| t.integer :vehicle_id }
    named(:FarTrip, far) { self.table_name = "trips" }
    wagon = named(:Wagon) do
      self.table_name = "vehicles"
      has_many :trips, class_name: "FarTrip", foreign_key: :vehicle_id, dependent: :destroy
    end
    one = wagon.create!
    FarTrip.create!(vehicle_id: one.id)
    error = assert_raises(Libcascade::ActiveRecord::AssociationError) { wagon.where(id: one.id).purge_all }
    assert_match(/Wagon\.trips.*FarTrip.*another database/, error.message)
    assert_equal [1, 1], counts(wagon, FarTrip)
  ensure
    far&.remove_connection
    other&.drop
    unname(:Far, :FarTrip, :Wagon)
  end

  def test_the_query_cache_knows
    account
    Account.cache do
      assert_equal 1, Account.count
      Account.where(name: "a").purge_all
      assert_equal 0, Account.count
    end
  end

  def test_threads_have_connections_of_their_own
    Array.new(3) { |n| account("t#{n}", posts: 1, comments: 1) }
    results = Array.new(3) do |n|
      Thread.new do
        Record.connection_pool.with_connection { Account.where(name: "t#{n}").purge_all.finished? }
      end
    end.map(&:value)
    assert_equal [true] * 3, results
    assert_equal [0, 0], counts(Account, Post)
  end

  def count_statements
    statements = []
    listener = ActiveSupport::Notifications.subscribe("sql.active_record") { |*, payload| statements << payload[:sql] }
    yield
    statements
  ensure
    ActiveSupport::Notifications.unsubscribe(listener)
  end

  def test_statements_are_seen
    account
    assert_operator count_statements { Account.where(name: "a").purge_all }.grep(/delete from/i).size, :>, 3
  end
end

ENGINES.each do |engine|
  Object.const_set("TestActiveRecord#{engine.capitalize}", Class.new(Minitest::Test) do
    const_set(:ENGINE, engine)
    include ActiveRecordTests
  end)
end
