# frozen_string_literal: true

# The gem is built without network, installed where nothing else is, and runs from there; what its README shows is true.

require_relative "helper"

class TestPackage < Minitest::Test
  GEM = File.join(ROOT, "bindings/ruby")

  def setup
    @folder = Dir.mktmpdir
  end

  def teardown
    FileUtils.remove_entry(@folder)
  end

  def run_in(folder, *command, env: {})
    out, err, status = Open3.capture3(env, *command, chdir: folder)
    assert_predicate status, :success?, "#{command.join(" ")}\n#{out}#{err}"
    out
  end

  # Ruby's own environment, without this checkout.
  def clean
    { "RUBYLIB" => nil, "GEM_HOME" => File.join(@folder, "home"), "http_proxy" => "http://127.0.0.1:9",
        "https_proxy" => "http://127.0.0.1:9" }
  end

  def install
    source = File.join(@folder, "source")
    FileUtils.cp_r(GEM, source)
    run_in(source, "gem", "build", "libcascade.gemspec", env: clean)
    file = File.join(source, "libcascade-#{Libcascade::VERSION}.gem")
    run_in(@folder, "gem", "install", "--local", "--no-document", "--ignore-dependencies", "--install-dir", clean["GEM_HOME"],
        file, env: clean)
  end

  def test_the_gem_is_built_installed_and_used
    install
    where = 'puts $LOADED_FEATURES.grep(%r{/libcascade\.rb\z}), Libcascade.library_version'
    found, version, = run_in(@folder, RbConfig.ruby, "-W0", "-e", "require 'libcascade'; #{where}", env: clean).lines.map(&:chomp)
    assert found.start_with?(File.join(@folder, "home/gems/libcascade-#{Libcascade::VERSION}/lib")), found
    assert_equal Libcascade::VERSION, version
    package = File.join(@folder, "home/gems/libcascade-#{Libcascade::VERSION}")
    %w[README.md sig/libcascade.rbs lib/libcascade/active_record.rb lib/libcascade/drivers/postgresql.rb].each do |file|
      assert_path_exists File.join(package, file)
    end
    shown(env: clean)
  end

  def test_what_the_readme_shows_is_true
    shown
  end

  def shown(env: {})
    text = File.read(File.join(GEM, "README.md"))
    code = text.scan(/^```ruby\n(.*?)^```/m).join("\n")
    said = text.scan(/^```text\n(.*?)^```/m).join
    assert_operator said.lines.size, :>, 8
    folder = Dir.mktmpdir(nil, @folder)
    assert_equal said, run_in(folder, RbConfig.ruby, "-W0", "-e", code, env: env)
  end

  def test_every_file_is_in_the_gem
    specification = Gem::Specification.load(File.join(GEM, "libcascade.gemspec"))
    code = Dir.chdir(GEM) { Dir["lib/**/*"].select { |file| File.file?(file) } }
    assert_empty code - specification.files
    assert_equal Libcascade::VERSION, specification.version.to_s
    assert_includes File.read(File.join(ROOT, "meson.build")), "version: '#{Libcascade::VERSION}'"
  end
end

# The signatures: they fit each other, and have what programs can call.
class TestSignatures < Minitest::Test
  FILES = File.join(ROOT, "bindings/ruby/sig")
  # Of these, programs use what they make and nothing else; or the library calls them.
  INNER = %w[Native Enum Value Session Handle Driver].freeze

  def definitions
    require "rbs"
    require "bigdecimal"
    loader = RBS::EnvironmentLoader.new
    loader.add(path: Pathname(FILES))
    loader.add(library: "bigdecimal", version: nil)
    environment = RBS::Environment.from_loader(loader).resolve_type_names
    @builder = RBS::DefinitionBuilder.new(env: environment)
  end

  def test_signatures_have_what_there_is
    definitions
    classes = Libcascade.constants.reject { |name| INNER.include?(name.to_s) }.map { |name| Libcascade.const_get(name) }.grep(Class)
    classes += classes.flat_map { |found| found.constants(false).map { |name| found.const_get(name) }.grep(Class) }
    classes.reject! { |found| found <= Libcascade::Handle::Pointer || found < Libcascade::Error }
    assert_operator classes.size, :>, 25
    classes.each { |found| compare(found) }
  end

  def compare(found)
    name = RBS::TypeName.new(name: found.name.split("::").last.to_sym, namespace: RBS::Namespace.parse("::#{found.name[/.*::/]}"))
    told = @builder.build_instance(name).methods
    ours = found.public_instance_methods(false)
    ours -= ours.grep(/=\z/) if found < Struct
    assert_empty ours - told.keys, "#{found} has these, its signature has not"
    stated = told.select { |_, method| method.defined_in.to_s == name.to_s && method.public? }.keys - %i[initialize]
    assert_empty stated.reject { |method| found.method_defined?(method) }, "the signature of #{found} has these, it has not"
  end

  def test_signatures_fit_each_other
    out, status = Open3.capture2e("/usr/bin/rbs3.1", "-r", "bigdecimal", "-I", FILES, "validate", "--silent")
    assert_predicate status, :success?, out
  end
end
