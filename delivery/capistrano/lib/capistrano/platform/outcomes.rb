# frozen_string_literal: true

module Platform
  # Why a deployment ended, with the exit status of `cap` that says so.
  class Outcome < StandardError
    def exit_status
      self.class::EXIT_STATUS
    end
  end

  # It failed, and the machines serve what they served before.
  class Failed < Outcome
    EXIT_STATUS = 1
  end

  # Something that was given is wrong; nothing was done.
  class Wrong < Outcome
    EXIT_STATUS = 2
  end

  # Another deployment is under way; nothing was done.
  class Locked < Outcome
    EXIT_STATUS = 3
  end

  # Not all machines serve the same release.
  class Incomplete < Outcome
    EXIT_STATUS = 4
  end
end
