# frozen_string_literal: true

require "fileutils"
require "minitest/autorun"
require "open3"
require "tmpdir"

# What a job of a pipeline runs, with commands that only tell how they were called.
class PipelineTest < Minitest::Test
  PIPELINE = File.expand_path("../pipeline", __dir__)
  RELEASE = "20261129174500-0123456789ab"
  SHA256 = "0" * 64

  def setup
    @folder = Dir.mktmpdir("pipeline-")
    @platform = "#{@folder}/platform"
    FileUtils.mkdir_p(["#{@platform}/bin", "#{@platform}/delivery/capistrano", "#{@folder}/path"])
    FileUtils.cp(PIPELINE, "#{@platform}/delivery/capistrano")
    File.write("#{@folder}/artifact.tar.gz", "")
    program("platform/bin/artifact", "told artifact \"$@\"; printf '{\\n  \"release\": \"#{RELEASE}\",\\n  \"sha256\": \"#{SHA256}\"\\n}\\n'")
    program("platform/bin/ssh-certificate", "told certificate \"$@\"; echo 'ssh -F somewhere'; echo \"$4\" >\"$FOLDER/login\"")
    program("path/cap", "told cap \"$@\" \"$RELEASE\" \"$RELEASE_SHA256\" \"$APPLICATION\" \"$PLATFORM_SSH_CONFIG\"; eval \"$CAP\"")
  end

  def teardown
    FileUtils.rm_rf(@folder)
  end

  def program(name, script)
    told = 'told() { echo "$(basename "$PWD"): $*" >>"$FOLDER/told"; }'
    File.write("#{@folder}/#{name}", "#!/bin/bash\n#{told}\n#{script}\n")
    File.chmod(0o755, "#{@folder}/#{name}")
  end

  def variables(cap)
    { "FOLDER" => @folder, "APPLICATION" => "front", "CAP" => cap, "RELEASE" => nil, "RELEASE_SHA256" => nil,
      "PATH" => "#{@folder}/path:#{ENV.fetch("PATH")}" }
  end

  def run_pipeline(*words, cap: "true")
    Open3.capture2e(variables(cap), "#{@platform}/delivery/capistrano/pipeline", *words, chdir: @folder)
  end

  def login
    File.read("#{@folder}/login").strip
  end

  def test_an_artifact_is_published_and_deployed_with_a_certificate_that_is_gone_afterwards
    output, status = run_pipeline("dev", "development", "artifact.tar.gz")
    assert_equal 0, status.exitstatus, output
    assert_equal ["platform: artifact publish #{@folder}/artifact.tar.gz --stack dev --name front",
                  "platform: certificate --minutes 60 --out #{login} dev",
                  "capistrano: cap development deploy #{RELEASE} #{SHA256} front #{login}/ssh_config"],
                 File.readlines("#{@folder}/told", chomp: true)
    refute File.exist?(login)
  end

  def test_a_rollback_publishes_nothing_and_names_no_release
    output, status = run_pipeline("dev", "development", "--rollback")
    assert_equal 0, status.exitstatus, output
    assert_equal ["platform: certificate --minutes 60 --out #{login} dev",
                  "capistrano: cap development deploy:rollback   front #{login}/ssh_config"],
                 File.readlines("#{@folder}/told", chomp: true)
  end

  def test_a_file_that_is_not_there_is_refused_before_anything_is_done
    output, status = run_pipeline("dev", "development", "other.tar.gz")
    assert_equal 2, status.exitstatus
    assert_includes output, "given other.tar.gz"
    refute File.exist?("#{@folder}/told")
  end

  def test_its_status_is_that_of_cap
    assert_equal 4, run_pipeline("dev", "development", "artifact.tar.gz", cap: "exit 4")[1].exitstatus
    assert_equal 2, run_pipeline("dev")[1].exitstatus
  end

  # As on a computer on which all else is slow.
  def test_a_cap_that_ends_before_it_is_looked_for_is_no_deployment_that_went_well
    File.write("#{@folder}/slow", "kill() { sleep 0.5; builtin kill \"$@\"; }\nwait() { sleep 0.5; builtin wait \"$@\"; }\n")
    ENV["BASH_ENV"] = "#{@folder}/slow"
    assert_equal 127, run_pipeline("dev", "development", "artifact.tar.gz", cap: "exit 127")[1].exitstatus
  ensure
    ENV.delete("BASH_ENV")
  end

  def test_a_signal_reaches_cap_whose_end_is_waited_for
    cap = "trap 'touch \"$FOLDER/asked\"' TERM; touch \"$FOLDER/begun\"; until [ -e \"$FOLDER/asked\" ]; do sleep 0.1; done; sleep 0.5; exit 1"
    pid = Process.spawn(variables(cap), "#{@platform}/delivery/capistrano/pipeline", "dev", "development", "artifact.tar.gz",
                        chdir: @folder, out: File::NULL)
    sleep 0.1 until File.exist?("#{@folder}/begun")
    Process.kill("TERM", pid)
    _, status = Process.wait2(pid)
    assert File.exist?("#{@folder}/asked")
    assert_equal 1, status.exitstatus
    refute File.exist?(login)
  end
end
