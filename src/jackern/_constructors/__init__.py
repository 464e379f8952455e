"""What users build Jacobians with."""
