"""What runs the services together and proves that they do: command line, local stack, chaos, audit."""
