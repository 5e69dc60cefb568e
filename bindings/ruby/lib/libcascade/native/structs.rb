# frozen_string_literal: true

module Libcascade
  module Native
    # The public structs, member by member as in the headers. A test compares sizes and offsets with what the compiler
    # has on record.
    class Record < FFI::Struct
      # A struct with its `size` set, and members from keywords. nil leaves a member zero, the default of all.
      def self.make(**members)
        new.tap do |made|
          made[:size] = size
          unknown = members.keys - known
          raise ArgumentError, "unknown: #{unknown.join(", ")}; known: #{known.join(", ")}" unless unknown.empty?

          members.each { |name, value| made.put(name, value) unless value.nil? }
        end
      end

      def self.known
        members - %i[size reserved]
      end

      # What the struct points to is kept alive by it, and what that points to.
      def put(name, value)
        (@kept ||= []) << value << (native = Record.native(value))
        raise RangeError, "#{name} is #{value}, and cannot be negative" if native.is_a?(Integer) && native < lowest(name)

        self[name] = native
      end

      def text(name)
        Native.text_at(self[name])
      end

      # `count` texts of an array of `const char *`.
      def texts(name, count)
        at = self[name]
        at.null? ? nil : at.read_array_of_pointer(count).map { |text| Native.text_at(text) }.freeze
      end

      # Members of numbers, by their names.
      def to_h(*names)
        names.to_h { |name| [name, self[name]] }
      end

      # FFI would make a large number of a negative one.
      def lowest(name)
        [FFI::Type::UINT32, FFI::Type::UINT64, FFI::Type::ULONG].include?(layout[name].type) ? 0 : -(2**63)
      end

      def self.native(value)
        case value
        when true then 1
        when false then 0
        when Integer then value
        when String then Native.text_pointer(value)
        when FFI::Struct then value.to_ptr
        else value
        end
      end
    end

    class BlockersRequest < Record
      layout size: :size_t, relation: :uint32, limit: :int32, anchor: :pointer, anchor_count: :uint32,
             backward: :int32, offset: :uint64
    end

    class BlockersOptions < Record
      layout size: :size_t, limit: :int32, rounds: :uint32, depth: :uint32, request_count: :uint32,
             requests: :pointer, max_rows: :uint64, budget_rows: :uint64, budget_ms: :uint32, behind: :int32,
             count: :int32, count_cap: :uint32, token_key: :pointer, token_key_length: :size_t, token: :pointer,
             token_max_age_s: :uint32, reserved: :uint32
    end

    class BlockersPage < Record
      layout size: :size_t, relation: :uint32, kind: :int32, keys: :pointer, first: :pointer, last: :pointer,
             anchor_count: :uint32, complete: :int32, partial: :int32, depth: :uint32, path_length: :uint32,
             count_accuracy: :int32, path: :pointer, path_keys: :pointer, behind: :pointer, behind_relation: :uint32,
             reserved: :uint32, count: :uint64
    end

    class BlockersTotal < Record
      layout size: :size_t, relations: :uint64, references: :uint64, accuracy: :int32, reserved: :int32
    end

    class Value < FFI::Struct
      layout type: :int32, reserved: :int32, integer: :int64, real: :double, data: :pointer, length: :uint64
    end

    class Keys < Record
      layout size: :size_t, count: :uint64, column_count: :uint32, reserved: :uint32, columns: :pointer,
             integers: :pointer, cells: :pointer
    end

    class ConnectionOptions < Record
      layout size: :size_t, lock_timeout_ms: :uint32, reserved: :uint32
    end

    class ContextOptions < Record
      layout size: :size_t, allocate: :pointer, reallocate: :pointer, release: :pointer, allocator_data: :pointer,
             log: :pointer, log_data: :pointer, log_level: :int32, reserved: :int32
    end

    class Capabilities < Record
      layout size: :size_t, engine: :pointer, version: :pointer, flags: :uint64, max_tx_bytes: :uint64,
             max_parameters: :uint32, reserved: :uint32
    end

    class Statement < Record
      layout size: :size_t, sql: :pointer, sql_length: :uint64, parameters: :pointer, parameter_count: :uint32,
             column_count: :uint32, column_types: :pointer
    end

    class Driver < Record
      layout size: :size_t, abi_version: :uint32, reserved: :uint32, name: :pointer, open: :pointer, adopt: :pointer,
             close: :pointer, capabilities: :pointer, execute: :pointer, query: :pointer, next: :pointer,
             cursor_close: :pointer, cancel: :pointer, in_transaction: :pointer, fetch: :pointer
    end

    class Rows < Record
      layout size: :size_t, count: :uint64, integers: :pointer, cells: :pointer
    end

    class ErrorDetails < Record
      layout size: :size_t, status: :int32, transaction: :int32, native_code: :int64, sqlstate: :pointer,
             message: :pointer
    end

    class FillTarget < Record
      layout size: :size_t, table: :pointer, columns: :pointer, key: :pointer, range: :pointer, column_count: :uint32,
             key_count: :uint32
    end

    class FillOptions < Record
      layout size: :size_t, mode: :int32, allow: :uint32, dry_run: :int32, batch_ms: :uint32, max_tx_rows: :uint64,
             time_budget_ms: :uint32, reserved: :uint32, row_budget: :uint64, token: :pointer,
             checkpoint_table: :pointer, job: :pointer, throttle: :pointer
    end

    class FillRange < Record
      layout size: :size_t, number: :uint64, after: :int64, upto: :int64, rows: :uint64, inserted: :uint64,
             updated: :uint64, skipped: :uint64, total_inserted: :uint64, total_updated: :uint64,
             total_skipped: :uint64, nanoseconds: :uint64, retries: :uint32, permille: :int32, after_key: :pointer,
             upto_key: :pointer
    end

    class FillReport < Record
      layout size: :size_t, finished: :int32, permille: :int32, ranges: :uint64, inserted: :uint64, updated: :uint64,
             skipped: :uint64, retries: :uint64, longest_ns: :uint64
    end

    class TableInfo < Record
      layout size: :size_t, schema: :pointer, name: :pointer, label: :pointer, kind: :int32, flags: :uint32,
             column_count: :uint32, key_count: :uint32, key: :pointer, row_estimate: :int64, component: :uint32,
             component_size: :uint32, part_of: :pointer
    end

    class ColumnInfo < Record
      layout size: :size_t, name: :pointer, type: :pointer, default_sql: :pointer, flags: :uint32, reserved: :uint32
    end

    class RelationInfo < Record
      layout size: :size_t, name: :pointer, label: :pointer, table: :uint32, ref_table: :uint32,
             column_count: :uint32, flags: :uint32, columns: :pointer, ref_columns: :pointer, on_delete: :int32,
             on_update: :int32, rule: :int32, reserved: :int32, index: :pointer, set_columns: :pointer,
             set_column_count: :uint32, reserved2: :uint32
    end

    class GraphOptions < Record
      layout size: :size_t
    end

    class StepInfo < Record
      layout size: :size_t, kind: :int32, table: :uint32, relation: :int32, rule: :int32, rows: :uint64,
             accuracy: :int32, warnings: :uint32, index: :pointer, sql: :pointer, way: :pointer
    end

    class PlanInfo < Record
      layout size: :size_t, step_count: :uint32, table: :uint32, roots: :uint64, deleted: :uint64, updated: :uint64,
             blocking: :uint64, accuracy: :int32, blocked: :int32, fingerprint: :pointer
    end

    class PlanOptions < Record
      layout size: :size_t, max_rows: :uint64
    end

    class PolicyEntry < Record
      layout size: :size_t, table: :pointer, columns: :pointer, column_count: :uint32, ref_column_count: :uint32,
             ref_table: :pointer, ref_columns: :pointer, rule: :int32, value_count: :uint32, values: :pointer,
             where: :pointer
    end

    class PolicyOptions < Record
      layout size: :size_t, entries: :pointer, entry_count: :uint32, exclude_count: :uint32, exclude: :pointer
    end

    class Deleted < Record
      layout size: :size_t, table: :uint32, reserved: :uint32, label: :pointer, keys: :pointer
    end

    class PurgeOptions < Record
      layout size: :size_t, allow: :uint32, integrity: :int32, max_rows: :uint64, max_tx_rows: :uint64, batch_ms: :uint32,
             statement_timeout_ms: :uint32, time_budget_ms: :uint32, column_count: :uint32, row_budget: :uint64, plan: :pointer,
             before_batch: :pointer, after_batch: :pointer, after_commit: :pointer, hook_data: :pointer, column_tables: :pointer,
             columns: :pointer, throttle: :pointer, archive: :pointer, actor: :pointer, reason: :pointer, outbox: :int32,
             reserved: :uint32
    end

    class ArchiveOptions < Record
      layout size: :size_t, file: :pointer, write: :pointer, user_data: :pointer, suffix: :pointer, schema: :pointer
    end

    class ArchiveReport < Record
      layout size: :size_t, rows: :uint64, bytes: :uint64, cut: :uint64
    end

    class OutboxOptions < Record
      layout size: :size_t, limit: :uint32, lease_ms: :uint32
    end

    class AuditOptions < Record
      layout size: :size_t, after: :int64, limit: :uint32, reserved: :uint32
    end

    class RowColumns < Record
      layout size: :size_t, row_count: :uint64, column_count: :uint32, reserved: :uint32, columns: :pointer, cells: :pointer
    end

    class BatchInfo < Record
      layout size: :size_t, number: :uint64, deleted: :uint64, updated: :uint64, total_deleted: :uint64,
             total_updated: :uint64, roots_done: :uint64, roots_expected: :int64, nanoseconds: :uint64,
             retries: :uint32, table: :uint32
    end

    class PurgeReport < Record
      layout size: :size_t, finished: :int32, table_count: :uint32, batches: :uint64, deleted: :uint64,
             updated: :uint64, retries: :uint64, longest_ns: :uint64, vetoed: :uint64, kept: :uint64
    end

    class TableReport < Record
      layout size: :size_t, label: :pointer, deleted: :uint64, updated: :uint64, table: :uint32, reserved: :uint32,
          vetoed: :uint64, kept: :uint64
    end

    class JobOptions < Record
      layout size: :size_t, allow: :uint32, integrity: :int32, max_rows: :uint64, max_tx_rows: :uint64,
             batch_ms: :uint32, max_attempts: :uint32, delay_ms: :uint64, outbox: :int32, column_count: :uint32,
             column_tables: :pointer, columns: :pointer, actor: :pointer, reason: :pointer
    end

    class DetachOptions < Record
      layout size: :size_t, allow: :uint32, reserved: :uint32, max_tx_rows: :uint64, job: :pointer
    end

    class DetachReport < Record
      layout size: :size_t, deleted: :uint64, updated: :uint64, detached: :uint64, jobs: :uint32, reserved: :uint32,
             job: :int64
    end

    class QueueListOptions < Record
      layout size: :size_t, state: :pointer, after: :int64, limit: :uint32, reserved: :uint32
    end

    class WorkerOptions < Record
      layout size: :size_t, owner: :pointer, lease_ms: :uint32, turn_ms: :uint32, throttle: :pointer,
             before_batch: :pointer, after_batch: :pointer, after_commit: :pointer, hook_data: :pointer,
             column_tables: :pointer, columns: :pointer, column_count: :uint32, reserved: :uint32, archive: :pointer
    end

    class WorkerReport < Record
      layout size: :size_t, job: :int64, claimed: :uint64, done: :uint64, failed: :uint64, lost: :uint64,
             batches: :uint64, deleted: :uint64, updated: :uint64, kept: :uint64, paused: :int32, reserved: :int32,
             inserted: :uint64
    end

    class Pause < Record
      layout size: :size_t, reason: :int32, reserved: :uint32, waited_ms: :uint64, text: :pointer
    end

    class ThrottleOptions < Record
      layout size: :size_t, sleep_percent: :uint32, max_lag_ms: :uint32, replicas: :pointer, replica_count: :uint32,
             max_load: :uint32, max_flow_percent: :uint32, max_pause_ms: :uint32, max_dead_rows: :uint64,
             pause_file: :pointer, ask: :pointer, told: :pointer, user_data: :pointer, check_ms: :uint32,
             reserved: :uint32
    end

    class ThrottleReport < Record
      layout size: :size_t, pauses: :uint64, sleep_ms: :uint64, host_ms: :uint64, file_ms: :uint64, lag_ms: :uint64,
             flow_ms: :uint64, load_ms: :uint64, vacuum_ms: :uint64, lag: :int64, load: :int64, flow_percent: :int64,
             dead_rows: :int64, dead_table: :pointer
    end
  end
end
