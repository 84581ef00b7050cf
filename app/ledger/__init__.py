"""What happened, in order: events written with the state they tell of."""
