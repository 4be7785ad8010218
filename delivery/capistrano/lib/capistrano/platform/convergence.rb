# frozen_string_literal: true

require_relative "outcomes"

module Platform
  # Brings every machine that ARM names to the release that it should serve, however late the machine comes.
  class Convergence
    # Of a machine that is well and does not take the release.
    ATTEMPTS = 3

    # Those of the last look.
    attr_reader :machines

    # @param read gives a view of the machines as Azure has them now.
    # @param given_up whether it shall end before its time.
    def initialize(read, rotation, patience, say:, given_up:)
      @read = read
      @rotation = rotation
      @patience = patience
      @given_up = given_up
      @say = say
      @machines = []
      @refused = Hash.new(0)
    end

    # Returns what is lacking when the time is up: nothing where all is as it should be.
    #
    # @yield [machine] the release that it should serve: nil where any will do.
    def until_all(seconds, &target)
      @patience.wait(seconds, over: -> { hopeless? || @given_up.call }) { look(&target) }
    end

    private

    def hopeless?
      @refused.any? { |_, times| times >= ATTEMPTS }
    end

    def look
      view = @read.call
      @machines = view.machines
      @rotation.look(view)
      others = @machines.filter_map { |machine| [machine, yield(machine)] }.reject do |machine, wanted|
        wanted.nil? || @rotation.serving(machine) == wanted
      end
      view.missing + others.each_with_index.filter_map do |(machine, wanted), index|
        next "given up" if @given_up.call

        # The one before took its time.
        @rotation.look(view) if index.positive?
        bring(view.fleet, machine, wanted)
      end
    rescue Outcome => error
      [error.message]
    end

    # Nil where it serves the release then, or what it lacks.
    def bring(fleet, machine, wanted)
      stays = @rotation.stays(machine) and return stays

      answer = fleet.fetch(machine, wanted)
      # It may have taken minutes.
      return "given up" if @given_up.call

      answer = fleet.activate(machine, wanted) if answer.done?
      @refused[machine.name] += 1 if answer.refused? && @rotation.serving(machine)
      return "#{machine}: #{answer.outcome}: #{answer.reason}" unless answer.done?

      @rotation.back(machine)
      @say.call("#{machine}: serves #{wanted}")
      nil
    end
  end
end
