# frozen_string_literal: true

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

  # Waits for what comes by itself, and says what is lacking whenever that changes.
  class Patience
    def initialize(clock, look_seconds, say)
      @clock = clock
      @look_seconds = look_seconds
      @say = say
    end

    # Returns what is lacking when nothing is, when the time is up, or when it is over.
    #
    # @param over whether waiting for longer is in vain.
    # @yield looks, and returns what is lacking, as lines.
    def wait(seconds, over: -> { false })
      ends = @clock.now + seconds
      told = []
      loop do
        lacks = yield
        return lacks if lacks.empty? || @clock.now >= ends || over.call

        (lacks - told).each(&@say)
        told = lacks
        @clock.sleep @look_seconds
      end
    end
  end
end
