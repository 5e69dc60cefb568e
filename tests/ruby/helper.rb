# frozen_string_literal: true

# Databases for the tests in Ruby, and the museum that most of them delete from.

require "minitest/autorun"
require "rbconfig"
require "open3"
require "tmpdir"
require "libcascade"

ROOT = File.expand_path("../..", __dir__)

# A private database. `connect` gives a session of Ruby's own library for it.
class Database
  attr_reader :name

  @count = 0
  class << self
    def number
      @count += 1
    end

    def of(engine)
      { "sqlite" => OnSQLite, "postgresql" => OnPostgreSQL, "mariadb" => OnMariaDB }.fetch(engine).new
    end
  end

  def initialize
    @name = "ruby_#{Process.pid}_#{Database.number}"
    create
  end

  def run(*statements)
    session = connect
    statements.each { |sql| execute(session, sql) }
  ensure
    session&.close
  end

  def value(sql)
    session = connect
    fetch(session, sql).first.first.to_i
  ensure
    session&.close
  end
end

class OnSQLite < Database
  def create
    require "sqlite3"
    @folder = Dir.mktmpdir("cascade-ruby")
    SQLite3::Database.new(path).tap { |made| made.execute("PRAGMA journal_mode = WAL") }.close
  end

  def path
    File.join(@folder, "museum.db")
  end

  def uri
    "sqlite:#{path}"
  end

  def connect
    SQLite3::Database.new(path).tap { |session| session.execute("PRAGMA foreign_keys = ON") }
  end

  def execute(session, sql)
    session.execute_batch(sql)
  end

  def fetch(session, sql)
    session.execute(sql)
  end

  def active_record
    { adapter: "sqlite3", database: path, timeout: 5000 }
  end

  def drop
    FileUtils.remove_entry(@folder)
  end
end

class OnPostgreSQL < Database
  def host
    ENV.fetch("CASCADE_TEST_PG_HOST")
  end

  def create
    require "pg"
    PG.connect(host: host, user: "postgres", dbname: "postgres").tap { |s| s.exec("CREATE DATABASE #{name}") }.close
  end

  def uri
    "postgresql://postgres@/#{name}?host=#{host}&port=5432"
  end

  def connect
    PG.connect(host: host, user: "postgres", dbname: name).tap { |s| s.exec("SET client_min_messages = warning") }
  end

  def execute(session, sql)
    session.exec(sql)
  end

  def fetch(session, sql)
    session.exec(sql).values
  end

  def active_record
    { adapter: "postgresql", host: host, username: "postgres", database: name }
  end

  def drop
    PG.connect(host: host, user: "postgres", dbname: "postgres").tap { |s| s.exec("DROP DATABASE #{name} WITH (FORCE)") }.close
  end
end

class OnMariaDB < Database
  def socket
    ENV.fetch("CASCADE_TEST_MARIADB")
  end

  def create
    require "mysql2"
    Mysql2::Client.new(socket: socket, username: "root").tap { |s| s.query("CREATE DATABASE #{name}") }.close
  end

  def uri
    "mariadb://root@localhost/#{name}?unix_socket=#{socket}"
  end

  def connect
    Mysql2::Client.new(socket: socket, username: "root", database: name, encoding: "utf8mb4")
  end

  def execute(session, sql)
    session.query(sql)
  end

  def fetch(session, sql)
    session.query(sql, as: :array).to_a
  end

  def active_record
    { adapter: "mysql2", socket: socket, username: "root", database: name, encoding: "utf8mb4" }
  end

  def drop
    Mysql2::Client.new(socket: socket, username: "root").tap { |s| s.query("DROP DATABASE #{name}") }.close
  end
end

# Agents with three loans each, every loan with a note; the first database cascades to loans, and refuses for notes.
module Museum
  AGENTS = 20
  TABLES = [
    "CREATE TABLE agent (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL)",
    "CREATE TABLE loan (id BIGINT PRIMARY KEY, agent_id BIGINT, FOREIGN KEY (agent_id) REFERENCES agent (id) ON DELETE CASCADE)",
    "CREATE TABLE note (code VARCHAR(20) PRIMARY KEY, loan_id BIGINT, FOREIGN KEY (loan_id) REFERENCES loan (id))"
  ].freeze

  def self.rows(agents = AGENTS)
    loans = (1..agents).flat_map { |agent| (0..2).map { |n| [(agent * 10) + n, agent] } }
    ["INSERT INTO agent VALUES #{(1..agents).map { |agent| "(#{agent}, 'Agent #{agent}')" }.join(", ")}",
     "INSERT INTO loan VALUES #{loans.map { |id, agent| "(#{id}, #{agent})" }.join(", ")}",
     "INSERT INTO note VALUES #{loans.map { |id, _| "('n#{id}', #{id})" }.join(", ")}"]
  end

  def self.policy(graph, loans: :cascade, notes: :cascade)
    graph.policy([{ table: "loan", columns: "agent_id", rule: loans }, { table: "note", columns: "loan_id", rule: notes }])
  end
end

# Ruby in a process of its own, with the library and this helper's environment.
def ruby(code, *arguments, env: {})
  Open3.capture3(env, RbConfig.ruby, "-W0", "-e", code, *arguments)
end

ENGINES = ARGV.empty? ? ["sqlite"] : ARGV.shift.split(",")
