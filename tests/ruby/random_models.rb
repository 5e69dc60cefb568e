# frozen_string_literal: true

# Random models of ActiveRecord with random rows: every `dependent:`, with and without foreign keys, on keys of several kinds.
#
# A table is `destroyed` or `deleted`: what is destroyed by one association and deleted, without its own associations being
# asked, by another, is destroyed throughout by sets, and only by the first in ActiveRecord.

class Record < ActiveRecord::Base
  self.abstract_class = true
end

# The models of the seed at hand.
module Zoo; end

class Schema
  KINDS = %i[bigint bigint bigint string uuid].freeze
  DESTROYED = [:destroy, :destroy, :destroy, :destroy, :destroy_async, :nullify, :restrict_with_error, :restrict_with_exception,
               nil].freeze
  DELETED = [:delete_all, :delete_all, :delete_all, :nullify, :restrict_with_error, :restrict_with_exception, nil].freeze
  LONG_AGO = "2001-02-03 04:05:06"

  Table = Struct.new(:name, :kind, :style, :sti, :told, :refs, :about, :unique, keyword_init: true) do
    def model
      "Zoo::#{name.capitalize}"
    end

    # Itself, or its classes in one table.
    def models
      sti ? [model, "#{model}One", "#{model}Two"] : [model]
    end
  end
  # A foreign key, or a polymorphic pair of columns, and the association at its other end.
  Ref = Struct.new(:name, :target, :owner, :null, :fk, :dependent, :one, :counter, :touch, :kept, keyword_init: true)
  # Join rows between two tables: with a model (`link`), or by has_and_belongs_to_many.
  Join = Struct.new(:name, :left, :right, :link, :fk, :dependent, :both, keyword_init: true)

  # `log`: the callbacks that were called.
  attr_reader :tables, :joins, :log

  def initialize(seed, engine)
    @random = Random.new(seed)
    @engine = engine
    @log = []
    make
    create
  end

  # ---- the models

  def define(reversed: false, detached: false)
    Zoo.constants.each { |name| Zoo.send(:remove_const, name) }
    ActiveSupport::Dependencies::Reference.clear!
    tables.each { |table| define_class(table) }
    joins.select(&:link).each { |join| define_link(join) }
    declared = tables.flat_map { |table| owned(table) } + joins.flat_map { |join| sides(join) }
    declared.reverse! if reversed
    declared = declared.sort_by.with_index { |(owner, _, name, options), n| [owner.length, turn(name, options, reversed), n] }
    declared.each { |owner, macro, name, options| owner.constantize.public_send(macro, name, **adapted(options, detached)) }
    Libcascade::ActiveRecord.reset
  end

  # Models that a delete may start from.
  def roots
    tables.select { |table| table.style == :destroyed }.flat_map(&:models)
  end

  def async?
    tables.any? { |table| (table.refs + table.about).any? { |ref| ref.dependent == :destroy_async } }
  end

  # ---- the database

  def names
    tables.map(&:name) + joins.map(&:name)
  end

  def snapshot
    names.to_h do |name|
      rows = Record.connection.select_all("SELECT * FROM #{name}").map do |row|
        # Of a pair that refers to nothing, the library leaves the type.
        row.keys.each { |column| row[column] = nil if column.end_with?("_type") && row[column.sub("_type", "_id")].nil? }
        row["touched_at"] = row["touched_at"].to_s.start_with?(LONG_AGO) ? "no" : "yes" if row.key?("touched_at")
        row.map { |column, value| [column, value.to_s] }
      end
      [name, rows.sort]
    end
  end

  def restore
    alter("NOT DEFERRABLE") if @altered
    unchecked do
      names.each { |name| Record.connection.execute("DELETE FROM #{name}") }
      @rows.each { |name, rows| rows.each { |row| insert(name, row) } }
    end
    log.clear
  end

  # How many rows a table had.
  def size(table)
    @rows.fetch(table).size
  end

  # Foreign keys are checked when the transaction ends.
  def defer
    case @engine
    when "sqlite" then Record.connection.execute("PRAGMA defer_foreign_keys = ON")
    when "postgresql" then alter("DEFERRABLE INITIALLY DEFERRED")
    end
  end

  def drop
    unchecked { names.each { |name| Record.connection.execute("DROP TABLE #{name}#{" CASCADE" if @engine == "postgresql"}") } }
  end

  private

  def pick(from)
    from[@random.rand(from.size)]
  end

  def chance(share)
    @random.rand < share
  end

  def make
    @tables = Array.new(3 + @random.rand(4)) do |n|
      Table.new(name: "t#{n}", kind: pick(KINDS), style: n.positive? && chance(0.3) ? :deleted : :destroyed, sti: chance(0.2),
                told: chance(0.4), refs: [], about: [], unique: chance(0.2))
    end
    tables.each_with_index do |table, n|
      pick([0, 1, 1, 2, 2, 3]).times { |m| table.refs << reference(table, "r#{n}_#{m}", chance(0.8) ? tables[0..n] : tables) }
      polymorphic(table, n) if chance(0.2)
    end
    @joins = Array.new(pick([0, 0, 1, 2])) { |n| join("j#{n}") }
  end

  def reference(table, name, targets)
    target = pick(targets)
    ref = Ref.new(name: name, target: target, owner: pick(target.models), one: chance(0.2), null: chance(0.6), kept: chance(0.1))
    ref.dependent = dependent(table, ref)
    ref.fk = pick([nil, :plain, :plain, :plain, :cascade, :nullify, :restrict])
    ref.fk = :plain if ref.fk == :cascade && ref.dependent.nil? && table.style == :destroyed
    ref.fk = nil if ref.dependent == :destroy_async
    ref.null = true if ref.fk == :nullify || (target.equal?(table) && chance(0.9)) || (ref.dependent == :nullify && !ref.kept)
    ref.counter = !ref.one && chance(0.15)
    ref.touch = chance(0.15)
    ref
  end

  def polymorphic(table, number)
    owners = tables.select { |other| other.kind == :bigint }
    owners = owners.sample([1 + @random.rand(3), owners.size].min, random: @random)
    owners.each do |owner|
      ref = Ref.new(name: "about#{number}", target: owner, owner: owner.model, null: true, one: chance(0.2))
      ref.dependent = dependent(table, ref)
      table.about << ref
    end
  end

  def dependent(table, ref)
    chosen = pick(table.style == :destroyed ? DESTROYED : DELETED)
    chosen == :delete_all && ref.one ? :delete : chosen
  end

  def join(name)
    left, right = pick(tables), pick(tables)
    link = chance(0.5)
    Join.new(name: name, left: left, right: right, link: link, fk: pick([nil, :plain, :plain, :cascade]), both: chance(0.5),
             dependent: link && pick(%i[destroy delete_all restrict_with_error restrict_with_exception]))
  end

  # Of PostgreSQL's foreign keys, when they are checked.
  def alter(timing)
    found = Record.connection.select_rows("SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f'")
    found.each { |table, key| Record.connection.execute("ALTER TABLE #{table} ALTER CONSTRAINT #{key} #{timing}") }
    @altered = timing != "NOT DEFERRABLE"
  end

  # --- classes

  def define_class(table)
    first = Class.new(Record) do
      self.table_name = table.name
      self.inheritance_column = table.sti ? "type" : nil
      self.primary_key = "id"
    end
    Zoo.const_set(table.model.demodulize, first)
    table.models.drop(1).each { |name| Zoo.const_set(name.demodulize, Class.new(first)) }
    tell(first, @log) if table.told
    table.refs.each { |ref| first.belongs_to(ref.name.to_sym, **belonging(ref)) }
    first.belongs_to(table.about.first.name.to_sym, polymorphic: true, optional: true) if table.about.any?
  end

  def belonging(ref)
    { class_name: "::#{ref.owner}", foreign_key: "#{ref.name}_id", optional: true,
      counter_cache: ref.counter && "#{ref.name}_count", touch: ref.touch && "touched_at" }.compact
  end

  def tell(model, log)
    model.before_destroy { log << [:before, self.class.name, id.to_s] }
    model.after_destroy { log << [:after, self.class.name, id.to_s] }
    model.after_commit(on: :destroy) { log << [:commit, self.class.name, id.to_s] }
  end

  def define_link(join)
    model = Zoo.const_set(join.name.capitalize, Class.new(Record) { self.table_name = join.name })
    model.belongs_to(:left, class_name: "::#{join.left.model}")
    model.belongs_to(:right, class_name: "::#{join.right.model}")
  end

  # What other models have of a table: owner, macro, name, options.
  def owned(table)
    table.refs.map { |ref| has(ref, "own_#{ref.name}", class_name: "::#{table.model}", foreign_key: "#{ref.name}_id") } +
      table.about.map { |ref| has(ref, "own_#{ref.name}", class_name: "::#{table.model}", as: ref.name.to_sym) }
  end

  def has(ref, name, **options)
    [ref.owner, ref.one ? :has_one : :has_many, name.to_sym, options.merge({ dependent: ref.dependent }.compact)]
  end

  def sides(join)
    return both_sides(join) unless join.link

    through = :"links_#{join.name}"
    [[join.left.model, :has_many, through, { class_name: "::Zoo::#{join.name.capitalize}", foreign_key: "left_id" }],
     [join.left.model, :has_many, :"far_#{join.name}", { through: through, source: :right, dependent: join.dependent }]]
  end

  def both_sides(join)
    table = { join_table: join.name }
    left = { class_name: "::#{join.right.model}", foreign_key: "left_id", association_foreign_key: "right_id" }
    right = { class_name: "::#{join.left.model}", foreign_key: "right_id", association_foreign_key: "left_id" }
    found = [[join.left.model, :has_and_belongs_to_many, :"right_#{join.name}", table.merge(left)]]
    found << [join.right.model, :has_and_belongs_to_many, :"left_#{join.name}", table.merge(right)] if join.both
    found
  end

  # What a subclass adds comes after what it inherits, and what goes through join rows after these.
  def turn(name, options, reversed)
    return 0 if name.start_with?("links_")

    options[:through] && reversed ? 1 : options[:through] ? 3 : 2
  end

  def adapted(options, detached)
    detached && options[:dependent] == :destroy_async ? options.merge(dependent: :detach_then_purge) : options
  end

  # --- tables

  def create
    Record.connection.schema_cache.clear! # other tables had these names
    Record.connection.clear_cache!
    tables.each { |table| create_table(table) }
    joins.each { |join| create_join(join) }
    tables.each { |table| table.refs.each { |ref| foreign_key(table.name, ref.target.name, "#{ref.name}_id", ref.fk) } }
    @rows = Rows.new(self, @random).all
    restore
  end

  def create_table(table)
    counted = tables.flat_map(&:refs).select { |ref| ref.counter && ref.target.equal?(table) }
    Record.connection.create_table(table.name, id: table.kind == :bigint ? :primary_key : key(table.kind)) do |t|
      t.string(:type) if table.sti
      t.integer(:n)
      t.datetime(:touched_at)
      counted.each { |ref| t.integer("#{ref.name}_count", default: 0) }
      table.refs.each { |ref| t.column("#{ref.name}_id", key(ref.target.kind), null: ref.null) }
      table.about.first(1).each { |ref| t.bigint("#{ref.name}_id"); t.string("#{ref.name}_type") }
    end
    table.refs.each { |ref| Record.connection.add_index(table.name, "#{ref.name}_id", unique: ref.one) }
    Record.connection.add_index(table.name, ["#{table.refs[0].name}_id", "n"], unique: true) if table.unique && table.refs.any?
  end

  def create_join(join)
    Record.connection.create_table(join.name, id: join.link ? :primary_key : false) do |t|
      t.column(:left_id, key(join.left.kind), null: false)
      t.column(:right_id, key(join.right.kind), null: false)
    end
    foreign_key(join.name, join.left.name, "left_id", join.fk)
    foreign_key(join.name, join.right.name, "right_id", join.fk)
  end

  def key(kind)
    kind == :uuid && @engine != "postgresql" ? :string : kind
  end

  def foreign_key(from, to, column, action)
    return unless action

    Record.connection.add_foreign_key(from, to, column: column, **(action == :plain ? {} : { on_delete: action }))
  end

  def insert(name, row)
    connection = Record.connection
    values = row.values.map { |value| connection.quote(value) }
    connection.execute("INSERT INTO #{name} (#{row.keys.join(", ")}) VALUES (#{values.join(", ")})")
  end

  SWITCHES = { "sqlite" => ["PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"],
               "postgresql" => ["SET session_replication_role = replica", "SET session_replication_role = DEFAULT"],
               "mariadb" => ["SET foreign_key_checks = 0", "SET foreign_key_checks = 1"] }.freeze
  private_constant :SWITCHES

  def unchecked(&block)
    off, on = SWITCHES.fetch(@engine)
    Record.connection.execute(off)
    Record.transaction(&block)
  ensure
    Record.connection.execute(on)
  end
end

# Random rows of a schema, which break none of its foreign keys.
class Rows
  def initialize(schema, random)
    @tables, @joins, @random = schema.tables, schema.joins, random
  end

  # Rows by the name of their table.
  def all
    @made = @tables.to_h { |table| [table, Array.new(1 + @random.rand(7)) { |n| row(table, n) }] }
    nil while @tables.map { |table| drop_impossible(table) }.any?
    @tables.each { |table| refer(table) }
    @tables.each { |table| count(table) }
    @made.transform_keys(&:name).merge(@joins.to_h { |join| [join.name, joined(join)] })
  end

  private

  def row(table, number)
    { "id" => identity(table.kind, number + 1), "n" => @random.rand(4), "touched_at" => Schema::LONG_AGO }.tap do |made|
      made["type"] = [nil, *table.models.drop(1)].sample(random: @random) if table.sti
    end
  end

  def identity(kind, number)
    case kind
    when :bigint then number
    when :string then "k #{number}"
    else format("%08x-0000-4000-8000-%012x", number * 7919, number)
    end
  end

  # What a reference may refer to: of an association of a subclass, rows of that.
  def targets(ref)
    rows = @made[ref.target]
    ref.owner == ref.target.model ? rows : rows.select { |row| row["type"] == ref.owner }
  end

  def drop_impossible(table)
    before = @made[table].size
    table.refs.reject(&:null).each do |ref|
      targets = targets(ref).size
      @made[table] = @made[table].first(ref.one || targets.zero? ? targets : before)
    end
    @made[table].size < before
  end

  def refer(table)
    table.refs.each do |ref|
      circles = !ref.null || !ref.target.equal?(table) || @random.rand < 0.1
      free = targets(ref).shuffle(random: @random)
      @made[table].each do |row|
        row["#{ref.name}_id"] = nil
        found = ref.null && @random.rand < 0.3 ? nil : target(ref, free, circles ? nil : row)
        row["#{ref.name}_id"] = found["id"] if found
      end
    end
    @made[table].each_with_index { |row, n| row["n"] = n } if table.unique
    tag(table) if table.about.any?
  end

  # Of rows of the same table, one before: rows in a circle are more than ActiveRecord can destroy.
  def target(ref, free, row)
    rows = row ? free.select { |other| @made[ref.target].index(other) < @made[ref.target].index(row) } : free
    chosen = rows.sample(random: @random)
    free.delete(chosen) if ref.one
    chosen
  end

  def tag(table)
    single = table.about.select(&:one).to_h { |ref| [ref, targets(ref).dup] }
    @made[table].each do |row|
      ref = table.about.sample(random: @random)
      target = single[ref] ? single[ref].pop : targets(ref).sample(random: @random)
      row["#{ref.name}_id"], row["#{ref.name}_type"] = target && target["id"], target && ref.target.model
    end
  end

  def count(table)
    table.refs.select(&:counter).each do |ref|
      tally = @made[table].map { |row| row["#{ref.name}_id"] }.tally
      @made[ref.target].each { |row| row["#{ref.name}_count"] = tally.fetch(row["id"], 0) }
    end
  end

  def joined(join)
    pairs = @made[join.left].product(@made[join.right]).sample(4, random: @random)
    pairs.each_with_index.map do |(left, right), n|
      { "left_id" => left["id"], "right_id" => right["id"] }.merge(join.link ? { "id" => n + 1 } : {})
    end
  end
end
