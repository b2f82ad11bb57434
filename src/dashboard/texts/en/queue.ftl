# The working screen.
