# frozen_string_literal: true

# Capistrano's own tasks, filled. Each says what it does; `Platform::Deployment` does it.
namespace :load do
  task :defaults do
    set_if_empty :platform_user, -> { ENV.fetch("PLATFORM_DEPLOY_USER", "deploy") }
    # Repairs, boots and first boots are a part of it.
    set_if_empty :platform_patience, -> { Platform::Tasks.seconds("PLATFORM_PATIENCE", 1800) }
    set_if_empty :platform_by, -> { ENV.fetch("GITLAB_USER_LOGIN") { "#{Etc.getlogin || Process.uid}@#{Socket.gethostname}" } }
    set_if_empty :application, ENV.fetch("APPLICATION") if ENV.key?("APPLICATION")
    set_if_empty :platform_look_seconds, 5
    set_if_empty :platform_lock_patience, -> { Platform::Tasks.seconds("PLATFORM_LOCK_PATIENCE", 0) }
    # Until every load balancer has noticed that a machine serves again: 12 s for role drain, and some.
    set_if_empty :platform_notice_seconds, 15
    # A machine that is not well is left alone for so long: it may just boot.
    set_if_empty :platform_boot_seconds, 90
    set_if_empty :platform_pauses, [2, 5, 10]
    # Releases come from the store, not from Git.
    set :scm, nil
    set :sshkit_backend, fetch(:sshkit_backend, Platform::OpenSsh)
    set_if_empty :format_options, log_file: nil
  end
end

module Platform
  # What tasks share.
  module Tasks
    module_function

    def env
      Capistrano::Configuration.env
    end

    def say
      started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      @say ||= lambda do |text|
        seconds = (Process.clock_gettime(Process::CLOCK_MONOTONIC) - started).round
        puts format("%<minutes>02d:%<seconds>02d %<text>s", minutes: seconds / 60, seconds: seconds % 60, text: text)
      end
    end

    def seconds(variable, otherwise)
      given = ENV.fetch(variable, "")
      return otherwise if given.empty?

      given.match?(/\A\d+\z/) ? given.to_i : raise(Wrong, "#{variable}: given #{given.inspect}, allowed is a number of seconds")
    end

    # Of Capistrano's own way: it would go to machines that serve, past rotation, health gate and pointer.
    OTHER_WAYS = /\bpm2\b|capistrano\/(?:deploy|bundler|rails|passenger|puma|npm)\b|\bsystemctl\b.*\brestart\b/

    # Before anything is done, each line of the repository's own files that would deploy in another way.
    def check_own_files
      found = Dir["Capfile", "config/deploy.rb", "config/deploy/*.rb", "lib/capistrano/**/*.{rb,rake}"].flat_map do |file|
        next [] if File.expand_path(file).start_with?(File.join(ROOT, "delivery"))

        File.readlines(file).each_with_index.filter_map do |line, index|
          "#{file}:#{index + 1}: #{line.strip}" if line.sub(/(^|\s)#(?!\{).*/, "").match?(OTHER_WAYS)
        end
      end
      return if found.empty?

      raise Wrong, "#{found.join("\n")}\nThe platform itself restarts applications, out of rotation and behind a health gate: " \
                   "docs/deployment.md. Allowed are hooks that touch nothing that serves; take these lines out"
    end

    def stack
      env.fetch(:platform_stack) or raise Wrong, "the stage names no stack; its file says `platform_stack \"dev\"`"
    end

    def application
      name = env.fetch(:application)
      return name if name.to_s.match?(/\A[a-z][a-z0-9-]*\z/)

      raise Wrong, "application: given #{name.inspect}, allowed is a name of the stack file, as in APPLICATION=front"
    end

    def store
      @store ||= Store.new(stack, application, project: ROOT, artifact: Platform.command("artifact"),
                                               deployment: Platform.command("deployment"))
    end

    # As Azure has it now.
    def inventory
      words = [*Platform.command("inventory"), stack, "--json"]
      text, errors, status = Open3.capture3(*words, pgroup: true, stdin_data: "", chdir: ROOT)
      unless status.success?
        raise Failed, "`#{words.join(" ")}` ended with #{status.exitstatus || status.termsig}: #{errors.strip.lines.last(5).join}"
      end

      OpenSsh.config.file = ENV.fetch("PLATFORM_SSH_CONFIG") { Platform.file(stack, "ssh_config") }
      unless File.file?(OpenSsh.config.file)
        raise Wrong, "PLATFORM_SSH_CONFIG: given #{OpenSsh.config.file}, allowed is a file that is there, as `bin/ssh-certificate` writes it"
      end

      Inventory.read(Platform.file(stack, "yml"), JSON.parse(text).fetch("missing"))
    end

    def fleet(inventory, hashes = {})
      Fleet.new(application, user: env.fetch(:platform_user), health: inventory.health, pauses: env.fetch(:platform_pauses),
                             hashes: hashes)
    end

    def deployment
      @deployment ||= begin
        # Printing what would be done would do half of it.
        raise Wrong, "--dry-run: not possible; `cap <stage> deploy:status` tells what there is" unless env.fetch(:sshkit_backend) == OpenSsh

        settings = Deployment::Settings.new(
          application: application, sha256: given_sha256, by: env.fetch(:platform_by), pipeline: ENV.fetch("CI_PIPELINE_URL", nil),
          keep: env.fetch(:keep_releases), patience: env.fetch(:platform_patience), look_seconds: env.fetch(:platform_look_seconds),
          notice_seconds: env.fetch(:platform_notice_seconds), boot_seconds: env.fetch(:platform_boot_seconds),
          lock_patience: env.fetch(:platform_lock_patience)
        )
        made = Deployment.new(settings, store: store, inventory: method(:inventory), fleet: method(:fleet), say: say)
        %w[INT TERM HUP].each { |signal| ended_by(signal, made) }
        made
      end
    end

    # After the machine that is under way; the second signal ends `cap` at once. What is ignored stays so, as by nohup.
    def ended_by(signal, deployment)
      before = trap(signal) do
        trap(signal, "SYSTEM_DEFAULT")
        warn "ending after what is under way; the machines go back"
        deployment.stop("SIG#{signal}")
      end
      trap(signal, before) if before == "IGNORE"
    end

    # Pipelines have variables that are set and empty.
    def given_release(kind)
      ENV.values_at("RELEASE", *("ROLLBACK_RELEASE" if kind == "rollback")).find { |name| !name.to_s.empty? }
    end

    def given_sha256
      given = ENV.fetch("RELEASE_SHA256", "")
      given unless given.empty?
    end

    # `deploying` has Capistrano invoke `deploy:failed`, whichever task it was asked for.
    def start(kind)
      check_own_files
      env.set(:deploying, true)
      deployment.start(kind) { |deployed, records| Choice.release(kind, given_release(kind), deployed&.fetch("release"), records) }
    end

    # Exit status of `cap` after an error.
    def fail(error)
      return @deployment.fail(error) if @deployment

      error.is_a?(Outcome) ? error.exit_status : Failed::EXIT_STATUS
    end

    # What a deployment needs, without one. Exit status 4 where a machine is not well.
    def check
      check_own_files
      now = inventory
      fleet = fleet(now)
      puts "store      answers: #{store.deployed&.fetch("release") || "nothing is deployed yet"}"
      found = fleet.each_at_once(now.with(application)) { |machine| fleet.look(machine) }
      found.each { |machine, sight| puts "#{machine}   #{sight.release || sight.health ? "answers" : "does not answer"}#{"   not in rotation" unless sight.well}" }
      missing = now.unknown_with(application).each { |line| puts line }
      exit Incomplete::EXIT_STATUS unless missing.empty? && found.any? && found.values.all?(&:well)
    end

    # Exit status 4 where a machine does not serve what is deployed.
    def status
      now = inventory
      fleet = fleet(now)
      deployed = store.deployed
      puts "deployed   #{deployed ? "#{deployed["release"]} by #{deployed["by"]} at #{deployed["at"]}" : "nothing yet"}"
      found = fleet.each_at_once(now.with(application)) { |machine| fleet.look(machine) }
      found.each { |machine, sight| puts "#{machine}   #{told(sight, deployed)}" }
      missing = now.unknown_with(application).each { |line| puts line }
      owner = store.owner
      puts "lock       #{owner ? told_of(owner) : "free"}"
      store.records(5).each { |one| puts "#{one["at"]}   #{one["kind"]} of #{one["release"]} by #{one["by"]}: #{one["outcome"]}" }
      same = found.values.all? { |sight| sight.serving == deployed&.fetch("release", nil) } && found.any?
      exit Incomplete::EXIT_STATUS if deployed && !(same && missing.empty?)
    end

    # Of the application that has the lock: another one may be on the same machines.
    def told_of(owner)
      "#{owner["application"]} by #{owner["by"]} since #{owner["at"]} #{owner["pipeline"]}".strip
    end

    def told(sight, deployed)
      return "does not answer" unless sight.release

      [sight.release, ("an activation of it has not ended" if sight.trying),
       ("processes of #{sight.others.join(", ")} run" unless sight.others.empty?), ("not in rotation" unless sight.well),
       ("not what is deployed" if deployed && sight.release != deployed["release"])].compact.join("   ")
    end
  end
end

namespace :deploy do
  task :starting do
    Platform::Tasks.start(fetch(:platform_kind, "deploy"))
  end

  task :updating do
    Platform::Tasks.deployment.fetch
  end

  task :reverting do
    Platform::Tasks.deployment.fetch
  end

  task :publishing do
    Platform::Tasks.deployment.activate
    Platform::Tasks.deployment.publish
  end

  task :finishing do
    Platform::Tasks.deployment.finish
  end

  task :finishing_rollback do
    Platform::Tasks.deployment.finish
  end

  # Capistrano itself invokes it. What it prints before is the reason.
  task :failed do
    exit Platform::Tasks.fail($ERROR_INFO)
  end

  task :rolling_back do
    set :platform_kind, "rollback"
  end
  task rollback: :rolling_back

  desc "Bring every machine to the release that is deployed, after an interruption or a repair."
  task :complete do
    set :platform_kind, "complete"
    invoke "deploy:starting"
    if Platform::Tasks.deployment.interrupted?
      Platform::Tasks.deployment.fetch
      Platform::Tasks.deployment.activate
    end
    Platform::Tasks.deployment.finish
  end

  desc "Ask the store and every machine, and change nothing."
  task :check do
    Platform::Tasks.check
  end

  desc "Tell what is deployed, what each machine serves, who deploys at the moment, and who did before."
  task :status do
    Platform::Tasks.status
  end

  desc "Take the lock from a deployment that does not end."
  task :unlock do
    owner = Platform::Tasks.store.unlock
    puts owner ? "taken from #{Platform::Tasks.told_of(owner)}" : "no deployment has the lock"
  end
end
