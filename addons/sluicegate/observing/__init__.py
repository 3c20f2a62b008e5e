"""What is written down about finished exchanges."""
