# frozen_string_literal: true

require_relative "lib/libcascade/version"

Gem::Specification.new do |gem|
  gem.name = "libcascade"
  gem.version = Libcascade::VERSION
  gem.summary = "Deletes database rows with everything that depends on them, safely and at scale"
  gem.description = "A binding of the C library libcascade, which has to be installed: graph of foreign keys, blockers page by page, plans, purges in " \
                    "short transactions, detach and queue, back-fill. Works inside the transactions of pg, sqlite3, mysql2 and ActiveRecord."
  gem.authors = ["The libcascade maintainers"]
  gem.license = "MIT"
  gem.required_ruby_version = ">= 3.0"
  gem.files = Dir.chdir(__dir__) { Dir["lib/**/*.rb", "sig/**/*.rbs", "README.md"].sort }
  gem.require_paths = ["lib"]
  gem.metadata = { "rubygems_mfa_required" => "true" }
  gem.add_dependency "ffi", "~> 1.15"
end
