"""What holds of the database at every moment, whatever came in and whoever was killed."""
