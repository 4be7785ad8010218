# frozen_string_literal: true

require_relative "outcomes"

module Platform
  # Time, which tests let pass faster.
  class Clock
    def now
      Time.now
    end

    def sleep(seconds)
      Kernel.sleep(seconds)
    end
  end

  # Brings every machine that ARM names to the release that it should serve, however late the machine comes.
  class Convergence
    # How long a machine that is not well is left alone: it may just boot.
    BOOT_SECONDS = 90
    # Of a machine that is well and does not take the release.
    ATTEMPTS = 3

    # Those of the last look.
    attr_reader :machines

    # @param read reads the inventory anew, and gives the fleet, its machines, and lines about those that are missing.
    # @param given_up whether it shall end before its time.
    def initialize(read, say:, clock:, look_seconds:, given_up:)
      @read = read
      @look_seconds = look_seconds
      @given_up = given_up
      @say = say
      @clock = clock
      @machines = []
      @unwell = {}
      @refused = Hash.new(0)
    end

    # Returns what is lacking when the time is up: nothing where all is as it should be.
    #
    # @yield [machine] the release that it should serve: nil where any will do.
    def until_all(seconds, &target)
      ends = @clock.now + seconds
      before = []
      loop do
        lacks = look(&target)
        lacks.each { |lack| @say.call(lack) unless before.include?(lack) }
        before = lacks
        return lacks if lacks.empty? || @clock.now >= ends || hopeless? || @given_up.call

        @clock.sleep @look_seconds
      end
    end

    private

    def hopeless?
      @refused.any? { |_, times| times >= ATTEMPTS }
    end

    def look
      @fleet, @machines, missing = @read.call
      serving = @fleet.each_at_once(@machines) { |machine| @fleet.look(machine).serving }
      missing + @machines.filter_map do |machine|
        wanted = yield machine
        bring(machine, wanted, serving[machine]) unless wanted.nil? || serving[machine] == wanted
      end
    rescue Outcome => error
      [error.message]
    end

    # Nil where it serves the release then, or what it lacks.
    def bring(machine, wanted, serving)
      return "#{machine} does not serve yet" unless serving || ill?(machine)

      answer = @fleet.fetch(machine, wanted)
      answer = @fleet.activate(machine, wanted) if answer.done?
      @unwell.delete(machine.name)
      @refused[machine.name] += 1 if answer.refused? && serving
      return "#{machine}: #{answer.outcome}: #{answer.reason}" unless answer.done?

      @say.call("#{machine}: serves #{wanted}")
      nil
    end

    def ill?(machine)
      @clock.now - (@unwell[machine.name] ||= @clock.now) >= BOOT_SECONDS
    end
  end
end
