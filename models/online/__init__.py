"""What is learned while models serve: corrections by their errors, weights, widths of intervals."""
