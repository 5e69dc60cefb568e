# frozen_string_literal: true

# The scenario through the gem. README.md says what each step gives.

require "json"
require "libcascade"

class Runner
  def initialize(uri)
    @db = Libcascade.open(uri)
  end

  def run(step)
    send(step["do"], step)
  rescue Libcascade::Error => e
    { error: e.status_name, table: some(e.table), relation: some(e.relation) }
  end

  private

  def some(text)
    text.empty? ? nil : text
  end

  def graph(_step)
    @graph = @db.graph
    { tables: @graph.tables.map { |table| [table.label, table.key, table.columns.size] },
      relations: @graph.relations.map { |relation| [relation.label, Libcascade::ACTION.number(relation.on_delete)] } }
  end

  def policy(step)
    @policy = Libcascade::Policy.load(@graph, step["rules"].to_json)
    { rules: @policy.relations.to_h { |relation| [relation.label, Libcascade::Policy.rule_name(relation.rule)] } }
  end

  def select(step)
    @selection = @graph.select(step["table"], keys: step["keys"], where: step["where"], parameters: step.fetch("parameters", []))
    { table: @selection.table.label }
  end

  def plan(_step)
    plan = @db.plan(@policy, @selection)
    numbers = %i[roots deleted updated blocking].to_h { |name| [name, plan.public_send(name)] }
    steps = plan.steps.map { |step| [Libcascade::STEP.number(step.kind), @graph.tables[step.table].label, step.rows] }
    { **numbers, blocked: plan.blocked?, steps: steps }
  end

  def probe(_step)
    found = @db.probe(@policy, @selection)
    { answer: Libcascade::PROBE.number(found.answer), relation: found.relation&.label }
  end

  def blockers(step)
    options = step.slice("limit", "rounds", "depth", "count").transform_keys(&:to_sym)
    options[:token] = @rest if step["resume"]
    cursor, pages, stop = @db.blockers(@policy, @selection, token_key: "a key for the scenario", **options), [], step["stop_after"]
    while pages.size != stop && (page = cursor.next)
      pages << { relation: page.relation.label, kind: Libcascade::BLOCKER.number(page.kind),
                 keys: page.keys.map { |key| Array(key) }, complete: page.complete?, count: page.count, depth: page.depth,
                 next: !cursor.token(:next).nil? }
    end
    @rest = cursor.token
    result = { pages: pages, rest: !@rest.nil? }
    pages.size == stop ? result : { **result, cut: Libcascade::CUT.bits(cursor.cut), references: cursor.count_of.references }
  end

  def purge(step)
    heard = Hash.new(0)
    hook = lambda do |tables|
      tables.each { |deleted| heard[deleted.label] += deleted.keys.size }
      raise Libcascade::HookError, "as the scenario wants it" if step["hook"] == "fails"
    end
    batches = 0
    purge = @db.purge(@policy, @selection, max_tx_rows: step.fetch("max_tx_rows", 0), after_batch: step["hook"] && hook)
    report = purge.run { batches += 1 }
    tables = report.tables.transform_values { |table| [table.deleted, table.updated] }
    result = { deleted: report.deleted, updated: report.updated, finished: report.finished?, several: batches > 1, tables: tables }
    step["hook"] ? { **result, hook: heard } : result
  end

  def install(_step)
    @db.queue.install
    {}
  end

  def detach(_step)
    @db.detach(@policy, @selection).to_h.slice(:deleted, :updated, :detached, :jobs)
  end

  def enqueue(_step)
    @db.queue.purge(@policy, @selection)
    {}
  end

  def work(_step)
    @db.queue.worker(&:run).to_h.slice(:done, :failed, :deleted, :kept)
  end

  def jobs(_step)
    { jobs: @db.queue.list.map { |job| job.values_at(:kind, :state) } }
  end

  def fill(step)
    target = { table: step["table"], columns: step["columns"], key: step["key"], mode: step.fetch("mode", 0) }
    report = @db.fill(@graph, **target) do |fill|
      step.fetch("sources", []).each { |source| fill.select(source["select"], *source["parameters"]) }
      fill.stream(step["rows"]) if step["rows"]
      fill.run
    end
    report.to_h.slice(:inserted, :updated, :skipped, :finished)
  end
end

uri, path = ARGV
runner = Runner.new(uri)
puts JSON.generate(JSON.parse(File.read(path, encoding: "UTF-8"))["steps"].map { |step| runner.run(step) })
