# frozen_string_literal: true

require "json"
require_relative "open_ssh"

module Platform
  # What is asked of machines. Each answer is `:done`, `:refused`, `:lost` or `:busy` (nothing was done, something else is
  # under way), with what the machine said.
  class Fleet
    Answer = Struct.new(:outcome, :output, :errors, :seconds, keyword_init: true) do
      %i[done refused lost busy].each { |name| define_method("#{name}?") { outcome == name } }

      def took
        format("%.1f s", seconds)
      end

      # The last line that tells something.
      def reason
        errors.lines.map(&:strip).reject(&:empty?).last || "it says nothing"
      end
    end

    # What a machine has: no release where it does not answer, or has none yet. `trying` is true while its activation has
    # not ended, be it that it was killed; `running` are the releases of which there are processes. `health` is what load
    # balancers are answered: nil where nothing is, as in a first boot.
    Sight = Struct.new(:release, :trying, :running, :health, keyword_init: true) do
      def well
        health == 200
      end

      # Well, and out of rotation: role drain.
      def drained?
        health == 404
      end

      # Processes of other releases than the one that it has.
      def others
        (running || []) - [release]
      end

      # The release that clients meet, and that has passed its gate.
      def serving
        release if well && !trying && others.empty?
      end
    end

    # Seconds for each. An activation waits for others that drain the machine or activate, for its own notice twice, and
    # for its health.
    LIMITS = { fetch: 900, activate: 600, look: 20, prune: 60 }.freeze
    # For which an activation waits for either. It ends then, also where its connection was lost: it must not begin
    # after something else was decided.
    WITHIN = "--within 60"
    # What it ends with: EX_TEMPFAIL.
    BUSY = 75

    # As the user of deployments may run them by sudo: role deploy.
    RELEASE = "sudo -n /usr/local/sbin/platform-release"
    DRAINED = "sudo -n /usr/local/sbin/platform-drain run #{WITHIN} /usr/local/sbin/platform-release"

    # @param pauses seconds between attempts to reach a machine.
    # @param hashes SHA-256 by release, of those that are known.
    def initialize(application, user:, health:, pauses:, hashes: {})
      @application = application
      @user = user
      @health = health
      @pauses = pauses
      @hashes = hashes
    end

    # Jump hosts refuse some of many connections that begin at the same moment: sshd_config(5), MaxStartups.
    AT_ONCE = 8

    # Answers by machine, several asked at once.
    def each_at_once(machines, &block)
      machines.each_slice(AT_ONCE).flat_map { |some| some.map { |one| Thread.new { [one, block.call(one)] } }.map(&:value) }.to_h
    end

    def fetch(machine, release)
      sha256 = @hashes[release]
      patiently { ask(machine, :fetch, "#{RELEASE} fetch #{@application} #{release}#{" --sha256 #{sha256}" if sha256}") }
    end

    # Out of rotation; and it is tried again where the connection was lost, for nobody knows how far it came.
    def activate(machine, release)
      command = "#{DRAINED} activate #{@application} #{release} #{WITHIN}"
      patiently { ask(machine, :activate, command) }
    end

    # What a machine has, and whether it is in rotation: asked as its load balancers ask it.
    def look(machine)
      health = "printf 'GET #{@health.fetch("path")} HTTP/1.0\\r\\n\\r\\n' >&3; head -n1 <&3"
      words = "#{RELEASE} current #{@application}; exec 3<>/dev/tcp/127.0.0.1/#{@health.fetch("port")}; #{health}"
      answer = ask(machine, :look, words)
      current, status = answer.lost? ? [] : answer.output.lines
      Sight.new(**has(current), health: status.to_s[%r{\AHTTP/1\.\d (\d{3})}, 1]&.to_i)
    end

    def prune(machine, keep)
      ask(machine, :prune, "#{RELEASE} prune #{@application} --keep #{keep}")
    end

    private

    def has(line)
      JSON.parse(line.to_s).slice("release", "trying", "running").transform_keys(&:to_sym)
    rescue JSON::ParserError
      {}
    end

    def patiently
      answer = yield
      @pauses.each do |seconds|
        break unless answer.lost?

        sleep seconds
        answer = yield
      end
      answer
    end

    def ask(machine, what, command)
      began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      made = nil
      host = SSHKit::Host.new(hostname: machine.name, user: @user)
      SSHKit.config.backend.new(host) { made = attempt(command, seconds: LIMITS.fetch(what)) }.run
      outcome = { 0 => :done, OpenSsh::LOST => :lost, BUSY => :busy }.fetch(made.exit_status, :refused)
      Answer.new(outcome: outcome, output: made.full_stdout, errors: made.full_stderr,
                 seconds: Process.clock_gettime(Process::CLOCK_MONOTONIC) - began)
    end
  end
end
