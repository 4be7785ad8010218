# frozen_string_literal: true

module Platform
  # Which machines serve, since when, and which of them may be taken out of its load balancer's rotation: only one whose
  # tier serves without it. What else takes machines out (a run of Ansible, a repair, people) is seen by their health.
  class Rotation
    State = Struct.new(:well, :since)
    LONG_AGO = Time.at(0)

    # @param notice_seconds until every load balancer has noticed that a machine serves again.
    # @param boot_seconds a machine that is not well is left alone for so long: it may just boot.
    def initialize(clock, notice_seconds:, boot_seconds:)
      @clock = clock
      @notice_seconds = notice_seconds
      @boot_seconds = boot_seconds
      @states = {}
      @sights = {}
    end

    # What each machine has, by machine.
    def look(view)
      first = @states.empty?
      @sights = view.fleet.each_at_once(view.machines) { |machine| view.fleet.look(machine) }
      @sights.each { |machine, sight| remember(machine, sight.well, first) }
      @least = view.least
      @sights
    end

    # The release that clients meet on it.
    def serving(machine)
      @sights[machine]&.serving
    end

    # It was taken out and came back, which ends when load balancers have noticed.
    def back(machine)
      @states[machine.name] = State.new(true, LONG_AGO)
    end

    # Why the machine should be left as it is: nil where it may be taken out of rotation.
    def stays(machine)
      sight = @sights.fetch(machine)
      return "#{machine} is out of rotation already, for something else" if sight.drained?
      return ("#{machine} does not serve yet" unless ill?(machine)) unless sight.well

      others = @sights.keys.select { |one| one.tier == machine.tier && one != machine }
      serve = others.count { |one| serves?(one) }
      all = [others.size, @least.call(machine) - 1].max
      needed = (all / 2.0).ceil
      "#{machine} stays in rotation: #{serve} of the other #{all} of #{machine.tier} serve, #{needed} must" if serve < needed
    end

    # No machine of its tier is up, and this one tells so: there is nothing to lose.
    def nobody_serves?(machine)
      @sights.fetch(machine).health && @sights.keys.none? { |one| one.tier == machine.tier && up?(one) }
    end

    # It has not been up for so long that no lost connection explains it.
    def away?(machine)
      !up?(machine) && @clock.now - @states.fetch(machine.name).since >= @notice_seconds
    end

    private

    # It can serve, in its rotation or out of it.
    def up?(machine)
      sight = @sights.fetch(machine)
      sight.well || sight.drained?
    end

    # It tells so itself. One that says nothing boots for the first time, or is replaced.
    def ill?(machine)
      state = @states.fetch(machine.name)
      @sights.fetch(machine).health && !state.well && @clock.now - state.since >= @boot_seconds
    end

    def remember(machine, well, first)
      return if @states[machine.name]&.well == well

      @states[machine.name] = State.new(well, first && well ? LONG_AGO : @clock.now)
    end

    def serves?(machine)
      state = @states.fetch(machine.name)
      state.well && @clock.now - state.since >= @notice_seconds
    end
  end
end
