"""What a Jacobian shows of itself to a person."""
