# frozen_string_literal: true

# The name that the application has in the stack file; here from the environment, in the application's repository:
# set :application, "front"
set :keep_releases, 5
