# frozen_string_literal: true

require "erb"

module Libcascade
  module ActiveRecord
    # A session of its own to the database of a connection of ActiveRecord, for workers: they need none of the host's
    # transactions, and the library's own drivers read rows ten times as fast as Ruby does.
    module Address
      # Settings of ActiveRecord that the driver takes too, by its own name. With another one that steers the connection there
      # is no address.
      POSTGRESQL = %i[sslmode sslcert sslkey sslrootcert connect_timeout options target_session_attrs application_name].freeze
      MYSQL2 = { sslca: :ssl_ca, sslcapath: :ssl_capath, sslcert: :ssl_cert, sslkey: :ssl_key, sslcipher: :ssl_cipher }.freeze
      private_constant :POSTGRESQL, :MYSQL2

      class << self
        # Gives the block a session: a new one, or that over the connection where there is no address or no driver for it.
        def session(adapter)
          connection = open(adapter) or return Session.of(adapter).use { |own| yield own }

          begin
            yield connection
          ensure
            connection.close
          end
        end

        # The URI for a connection; nil when there is none.
        def of(adapter)
          settings = adapter.pool.db_config.configuration_hash
          case adapter.adapter_name
          when "SQLite" then sqlite(settings)
          when "PostgreSQL", "PostGIS" then postgresql(adapter, settings)
          when "Mysql2" then mysql2(settings)
          end
        rescue NoMethodError # a pool that is none
          nil
        end

        private

        def open(adapter)
          uri = of(adapter) and Connection.open(uri)
        rescue NotFoundError, ConnectionError, InvalidError
          nil
        end

        def sqlite(settings)
          path = settings[:database].to_s
          return if path.empty? || path == ":memory:" || path.start_with?("file:")

          folder = ::Rails.root if defined?(::Rails.root)
          "sqlite:#{File.expand_path(path, folder).gsub("%", "%25").gsub("?", "%3F")}"
        end

        def postgresql(adapter, settings)
          path = adapter.schema_search_path.gsub(/[ \\]/) { |sign| "\\#{sign}" }
          more = settings.slice(:host, :port, *POSTGRESQL).merge(options: "-c search_path=#{path}")
          more[:options] = "#{settings[:options]} #{more[:options]}" if settings[:options]
          "postgresql://#{who(settings)}/#{quote(settings[:database])}#{query(more)}"
        end

        def mysql2(settings)
          more = settings.slice(*MYSQL2.keys).transform_keys(MYSQL2).merge({ unix_socket: settings[:socket] }.compact)
          place = [quote(settings[:host] || "localhost"), settings[:port]].compact.join(":")
          "mariadb://#{who(settings)}#{place}/#{quote(settings[:database])}#{query(more)}"
        end

        def who(settings)
          return unless settings[:username]

          "#{[settings[:username], settings[:password]].compact.map { |part| quote(part) }.join(":")}@"
        end

        def query(pairs)
          pairs.empty? ? "" : "?#{pairs.map { |name, value| "#{name}=#{quote(value)}" }.join("&")}"
        end

        def quote(text)
          ERB::Util.url_encode(text.to_s)
        end
      end
    end
  end
end
