# frozen_string_literal: true

platform_stack "dev"
