# frozen_string_literal: true

require "json"

module Libcascade
  # What purges with `outbox: true` wrote of the rows that they deleted, and what those with `actor` or `reason` wrote of
  # themselves.
  class Outbox
    # The statements that make the tables, for a migration of the host's. `engine`: :sqlite, :postgresql or :mariadb.
    def self.ddl(engine)
      Native.fetch_text(:outbox_ddl, engine.to_s)
    end

    def initialize(connection)
      @connection = connection
    end

    # Makes the tables where they are not there.
    def install
      @connection.call(:outbox_install)
      self
    end

    # Reads the next rows, as hashes, and gives them to the block: when that ends well, they are acknowledged. Gives how many rows
    # there were. Without a block, gives the number of the batch and the rows, or nil; see #ack.
    def read(limit: 0, lease_ms: 0)
      number = FFI::MemoryPointer.new(:int64)
      text = @connection.call_for_text(:outbox_read, Native::OutboxOptions.make(limit: limit, lease_ms: lease_ms), number)
      rows = text ? JSON.parse(text, symbolize_names: true)[:rows] : []
      return (rows.empty? ? nil : [number.read_int64, rows]) unless block_given?

      yield rows unless rows.empty?
      ack(number.read_int64) unless rows.empty?
      rows.size
    end

    # The rows of a batch have been dealt with. Gives how many were removed.
    def ack(batch)
      rows = FFI::MemoryPointer.new(:uint64)
      @connection.call(:outbox_ack, batch, rows)
      rows.read_uint64
    end

    # Who purged what, when and why, as hashes.
    def audit(after: 0, limit: 0)
      options = Native::AuditOptions.make(after: after, limit: limit)
      JSON.parse(@connection.call_for_text(:audit_list, options), symbolize_names: true)[:purges]
    end
  end
end
