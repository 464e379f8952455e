"""What two Jacobians make of one another."""
