# frozen_string_literal: true

require "time"
require_relative "convergence"
require_relative "outcomes"
require_relative "patience"
require_relative "rotation"

module Platform
  # One deployment of a release on the machines that run an application, step by step. The steps are Capistrano's tasks.
  #
  # What the fleet serves is what the pointer says. So whatever goes wrong before the pointer has moved, the machines go
  # back to what it says; and whatever comes late, they go to what it says.
  class Deployment
    # As `bin/artifact` names them; and all that a machine may have, as its first one from Git.
    RELEASE = /\A\d{14}-[0-9a-f]{12}\z/
    ON_MACHINES = /\A[0-9A-Za-z][0-9A-Za-z._-]{0,63}\z/
    SHA256 = /\A[0-9a-f]{64}\z/
    # Of a machine that may leave its rotation, and is busy then.
    ATTEMPTS = 4

    Settings = Struct.new(:application, :sha256, :by, :pipeline, :patience, :look_seconds, :notice_seconds, :boot_seconds,
                          :lock_patience, :keep, keyword_init: true)

    # The machines of the application as Azure has them: `missing` are lines about those that are just being made, `least`
    # tells how few of its tier a machine may have.
    View = Struct.new(:environment, :fleet, :machines, :missing, :least, keyword_init: true)

    # @param inventory reads the machines anew from ARM.
    # @param fleet makes what asks the machines, from an inventory and the SHA-256 of releases.
    def initialize(settings, store:, inventory:, fleet:, say:, clock: Clock.new)
      @settings = settings
      @store = store
      @read_inventory = inventory
      @make_fleet = fleet
      @say = say
      @clock = clock
      @patience = Patience.new(clock, settings.look_seconds, say)
      @rotation = Rotation.new(clock, notice_seconds: settings.notice_seconds, boot_seconds: settings.boot_seconds)
      @touched = []
      @hashes = {}
    end

    # A deployment before it ended in the middle, so that nobody knows what its machines run.
    def interrupted?
      @interrupted
    end

    # @param kind `deploy`, `rollback` or `complete`.
    # @yield [deployed, records] chooses the release, from what the pointer and the records say.
    def start(kind)
      read
      @lock = lock({ by: @settings.by, at: @clock.now.utc.iso8601(3), pipeline: @settings.pipeline }.compact)
      @machines = @view.machines
      raise Failed, "no machine of #{@view.environment} with #{@settings.application} is there" if @machines.empty?

      @deployed = @store.deployed
      records = @store.records
      @release = yield(@deployed, records)
      unless @release.to_s.match?(RELEASE)
        raise Wrong, "release: given #{@release.inspect}, allowed is what `bin/artifact publish` printed, as in " \
                     "RELEASE=20261129174500-0123456789ab"
      end
      know_hashes(records)
      @entry = { application: @settings.application, environment: @view.environment, kind: kind, release: @release,
                 sha256: @hashes[@release], before: before, by: @settings.by, at: after(records.first),
                 pipeline: @settings.pipeline, outcome: "started" }.compact
      @store.record(@entry)
      close_interrupted(records.first)
      sights = @rotation.look(@view)
      @had = sights.to_h { |machine, sight| [machine.name, sight.release] }
      # Nobody knows what they serve.
      @touched = sights.select { |_, sight| sight.trying }.keys.map(&:name)
      @touched.each { |name| @say.call("#{name}: an activation of #{@had[name]} has not ended") }
      @say.call("#{@settings.application} of #{@view.environment}: #{@release} in place of #{before || "the first release"}, " \
                "on #{@machines.join(", ")}")
      @had.each { |name, had| @say.call("#{name} has #{had}, not what is deployed") if had && before && had != before }
    end

    # The release on all machines, used by none. A machine that is lost, or boots for the first time and has no release yet,
    # is left to the last pass.
    def fetch
      answers = fleet.each_at_once(@machines) { |machine| fleet.fetch(machine, @release) }
      answers.each { |machine, answer| @say.call("#{machine}: #{answer.done? ? "has the release" : told(answer)}") }
      refused = answers.find { |machine, answer| answer.refused? && @had[machine.name] }
      raise Failed, "#{refused[0]} does not get #{@release}: #{refused[1].reason}" if refused

      @machines = answers.select { |_, answer| answer.done? }.keys
      raise Failed, "no machine gets #{@release}: #{answers.values.first.reason}" if @machines.empty?
    end

    # One machine after the other. One may be lost in it, as machines are; a second one is the release's doing.
    def activate
      lost = []
      served = 0
      attempts = Hash.new(0)
      waiting = @machines.dup
      while (machine = next_of(waiting, served: served.positive?))
        waiting.delete(machine)
        @touched |= [machine.name]
        answer = fleet.activate(machine, @release)
        @say.call("#{machine}: #{answer.done? ? "serves #{@release} after #{answer.took}" : told(answer)}")
        if answer.busy? && (attempts[machine] += 1) < ATTEMPTS
          waiting << machine
          next
        end
        raise Failed, "#{machine} does not serve #{@release}: #{answer.reason}" if answer.refused? || answer.busy?

        answer.done? ? @rotation.back(machine) : lost << machine
        raise Failed, "#{lost.join(" and ")} were lost while they took #{@release}" if lost.size > 1

        served += 1 if answer.done?
      end
      raise Failed, "no machine serves #{@release}" if served.zero?
    end

    # From here on machines that are born take the release, and there is no way back but another deployment.
    def publish
      go_on
      return if before == @release

      begin
        @store.move(@release, from: before, sha256: @hashes[@release], by: @settings.by, pipeline: @settings.pipeline)
      rescue Failed
        # It may have moved all the same.
        raise unless @store.deployed&.fetch("release") == @release
      end
      @published = true
      @say.call("deployed is #{@release}")
    end

    # Until every machine serves the release, those too that were born or lost meanwhile.
    def finish
      @published = true
      lacks = converge(-> { @stopped || !@lock.held? }) { @release }
      raise Incomplete, "#{@stopped ? "ended by #{@stopped}" : "given up"}: #{lacks.join("; ")}" unless lacks.empty?

      fleet.each_at_once(@machines) { |machine| fleet.prune(machine, @settings.keep) }
      close("done")
      @say.call("every machine serves #{@release}: #{@machines.join(", ")}")
    end

    # Machines back where they were, unless the release is deployed already. Returns the exit status of `cap`.
    def fail(error)
      return error_status(error) unless @entry
      return incomplete(error) if @published || !@lock.held?

      lacks = take_back
      return incomplete(error, lacks) unless lacks.empty?

      close("rolled back", error)
      @say.call(@touched.empty? ? "no machine has used it" : "every machine serves #{before || "what it had"}")
      Failed::EXIT_STATUS
    ensure
      @lock&.release
    end

    # Asks for an end after what is under way.
    def stop(signal)
      @stopped = signal
    end

    private

    def before
      @deployed&.fetch("release")
    end

    # Returns what is lacking then. What the pointer says is asked once more: a deployment that was killed may just have
    # moved it.
    def take_back
      @deployed = @store.deployed
      other = @touched | (@had || {}).select { |_, had| before && had && had != before }.keys
      return [] if other.empty?
      return ["there is no other release to go back to"] if before == @release

      @say.call("#{other.join(", ")} back to #{before || "what they had"}")
      converge(-> { !@lock.held? }) { |machine| target_back(machine) }
    rescue Failed => error
      [error.message]
    end

    def target_back(machine)
      before || (@touched.include?(machine.name) ? @had[machine.name]&.slice(ON_MACHINES) : nil)
    end

    # Now, or just after the record before: the clock of its computer may be ahead, and records are read in their order.
    def after(record)
      earliest = record ? Time.iso8601(record["at"]) + Rational(1, 1000) : Time.at(0)
      [@clock.now, earliest].max.utc.iso8601(3)
    end

    # Waits for others that deploy on the same machines, as the application of another pipeline.
    def lock(owner)
      refused = lock = nil
      @patience.wait(@settings.lock_patience, over: -> { @stopped }) do
        # Machines come and go while it is waited for.
        lock = @store.lock(owner).tap { read if refused }
        []
      rescue Locked => refused
        [refused.message]
      end
      lock or raise refused
    end

    def fleet
      @view.fleet
    end

    def read
      inventory = @read_inventory.call
      @view = View.new(environment: inventory.environment, fleet: @make_fleet.call(inventory, @hashes), least: inventory.method(:least),
                       machines: inventory.with(@settings.application), missing: inventory.unknown_with(@settings.application))
    end

    # The next machine that may leave its rotation, which is waited for. Nil where none is left; where the release is served
    # already, those that do not serve anything yet are left to the last pass.
    def next_of(waiting, served:)
      found = looked = nil
      lacks = @patience.wait(@settings.patience) do
        look_again if looked
        looked = true
        go_on
        @rotation.look(@view)
        waiting.select! { |machine| @view.machines.include?(machine) }
        found = waiting.find { |machine| @rotation.stays(machine).nil? || @rotation.nobody_serves?(machine) }
        # The look took its time.
        go_on if found
        found || (served && waiting.all? { |machine| @rotation.away?(machine) }) ? [] : waiting.map { |machine| @rotation.stays(machine) }
      end
      raise Failed, "#{lacks.join("; ")}; waited for #{@settings.patience} s" unless lacks.empty?

      found
    end

    # As Azure has them now. Where it does not say, those of before: one that is gone does not answer.
    def look_again
      read
    rescue Failed => error
      @say.call(error.message)
    end

    def go_on
      raise Failed, "ended by #{@stopped}" if @stopped
      raise Failed, "the lock was taken away" unless @lock.held?
    end

    # Returns what is lacking then.
    def converge(given_up, &target)
      convergence = Convergence.new(method(:read), @rotation, @patience, say: @say, given_up: given_up)
      convergence.until_all(@settings.patience, &target).tap { @machines = convergence.machines }
    end

    # What an artifact was when its release was deployed first, it must be today: whoever writes to the store may replace it
    # with its note.
    def know_hashes(records)
      done = records.select { |one| one["outcome"] == "done" }
      [*done.reverse, @deployed].compact.each { |one| @hashes[one["release"]] ||= one["sha256"] }
      given = @settings.sha256
      raise Wrong, "RELEASE_SHA256: given #{given.inspect}, allowed are 64 digits of 0-9a-f" unless given.nil? || given.match?(SHA256)

      @hashes[@release] = given || @hashes[@release] || @store.sha256(@release) or
        raise Wrong, "release: given #{@release}, which is not in the store; `bin/artifact publish` puts it there"
    end

    # Once this deployment has its own record: one that was refused before must leave what it found.
    def close_interrupted(latest)
      @interrupted = latest && %w[started interrupted].include?(latest["outcome"])
      return unless @interrupted

      @store.record(latest.merge("outcome" => "interrupted", "ended" => @clock.now.utc.iso8601(3))) if latest["outcome"] == "started"
      @say.call("the #{latest["kind"]} of #{latest["release"]} by #{latest["by"]} at #{latest["at"]} was interrupted")
    end

    def close(outcome, error = nil)
      begin
        @store.record(@entry.merge({ outcome: outcome, ended: @clock.now.utc.iso8601(3), error: error&.message }.compact))
      rescue Failed => trouble
        raise unless error

        @say.call("its record still says `started`: #{trouble.message}")
      end
      @lock.release
    end

    def incomplete(error, lacks = [])
      lacks.each { |lack| @say.call(lack) }
      close("incomplete", error)
      @say.call("not all machines serve the same; `cap <stage> deploy:complete` brings them to what is deployed")
      Incomplete::EXIT_STATUS
    end

    def error_status(error)
      error.is_a?(Outcome) ? error.exit_status : Failed::EXIT_STATUS
    end

    def told(answer)
      "#{answer.outcome} after #{answer.took}: #{answer.reason}"
    end
  end
end
