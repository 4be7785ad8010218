# frozen_string_literal: true

require "fileutils"
require "json"
require "minitest/autorun"
require "open3"
require "tmpdir"

# Machines, a store and a stage in a folder of their own; `cap` is the real one.
class World
  TOOLS = File.expand_path("world", __dir__)
  HOME = File.expand_path("..", __dir__)
  Result = Struct.new(:status, :output)

  attr_reader :folder

  def initialize(machines: %w[front1.dev front2.dev back1.dev], deployed: nil)
    @folder = Dir.mktmpdir("capistrano-")
    %w[records inventories config/deploy].each { |name| FileUtils.mkdir_p("#{folder}/#{name}") }
    machines.each { |name| machine(name, current: deployed || "20260101000000") }
    write("deployed", JSON.generate(release: deployed, by: "somebody", at: "before")) if deployed
    FileUtils.cp("#{HOME}/Capfile", folder)
    write("config/deploy.rb", "set :platform_pauses, [0.1]\nset :platform_look_seconds, 0.2\nset :platform_notice_seconds, 0.5\nset :platform_boot_seconds, 1\nset :platform_by, ENV.fetch('BY', 'anna')\n")
    write("config/deploy/development.rb", "platform_stack \"dev\"\n")
  end

  def machine(name, current:)
    FileUtils.mkdir_p("#{folder}/hosts/#{name}/releases")
    write("hosts/#{name}/current", current)
    write("hosts/#{name}/releases/#{current}", "")
  end

  def write(file, text = "")
    File.write("#{folder}/#{file}", text)
  end

  # To the stage's `deploy.rb`.
  def add(text)
    File.write("#{folder}/config/deploy.rb", "#{text}\n", mode: "a")
  end

  def set(words)
    add("set :#{words}")
  end

  def delete(file)
    File.delete("#{folder}/#{file}")
  end

  def read(file)
    File.exist?("#{folder}/#{file}") ? File.read("#{folder}/#{file}") : nil
  end

  def log
    (read("log") || "").lines.map(&:strip).reject { |line| line.include?(" options: ") }
  end

  def deployed
    text = read("deployed") and JSON.parse(text)["release"]
  end

  def serving
    Dir["#{folder}/hosts/front*"].sort.to_h { |host| [File.basename(host), File.read("#{host}/current")] }
  end

  def records
    Dir["#{folder}/records/*.json"].sort.map { |file| JSON.parse(File.read(file)) }
  end

  def cap(*words, **variables)
    text, status = Open3.capture2e(environment(variables), "cap", *words, chdir: folder)
    Result.new(status.exitstatus, text)
  end

  # Not waited for.
  def start(*words, output: "#{folder}/output", **variables)
    Process.spawn(environment(variables), "cap", *words, chdir: folder, pgroup: true, %i[out err] => output)
  end

  def eventually(what)
    600.times { yield ? return : sleep(0.1) }
    raise "never: #{what}\n#{read("output")}\n#{log.join("\n")}"
  end

  def wait_for(line)
    eventually(line) { log.include?(line) }
  end

  def wait_for_output(text)
    eventually(text) { read("output").include?(text) }
  end

  def remove
    FileUtils.rm_rf(folder)
  end

  private

  def environment(variables)
    { "WORLD" => folder, "PATH" => "#{TOOLS}:#{ENV.fetch("PATH")}", "PLATFORM" => File.expand_path("../..", HOME),
      "PLATFORM_INVENTORY" => "#{TOOLS}/inventory", "PLATFORM_INVENTORIES" => "#{folder}/inventories",
      "PLATFORM_ARTIFACT" => "#{TOOLS}/store", "PLATFORM_DEPLOYMENT" => "#{TOOLS}/store", "APPLICATION" => "front",
      "PLATFORM_PATIENCE" => "60", "RELEASE" => nil, "RELEASE_SHA256" => nil, "ROLLBACK_RELEASE" => nil, "CI_PIPELINE_URL" => nil }
      .merge(variables.transform_keys(&:to_s))
  end
end
