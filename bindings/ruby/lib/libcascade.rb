# frozen_string_literal: true

require "monitor"
require_relative "libcascade/version"
require_relative "libcascade/native"
require_relative "libcascade/enum"
require_relative "libcascade/error"
require_relative "libcascade/value"
require_relative "libcascade/handle"
require_relative "libcascade/context"
require_relative "libcascade/driver"
require_relative "libcascade/connection"
require_relative "libcascade/graph"
require_relative "libcascade/policy"
require_relative "libcascade/blockers"
require_relative "libcascade/throttle"
require_relative "libcascade/archive"
require_relative "libcascade/hooks"
require_relative "libcascade/purge"
require_relative "libcascade/queue"
require_relative "libcascade/outbox"
require_relative "libcascade/fill"

# Deletes rows with everything that depends on them, safely and at scale. See README.md.
module Libcascade
  # Opens a session by URI; see Connection.open.
  def self.open(uri, **options, &block)
    Connection.open(uri, **options, &block)
  end

  # Version of the library that is loaded, such as "0.1.0".
  def self.library_version
    Native.version_string
  end
end
