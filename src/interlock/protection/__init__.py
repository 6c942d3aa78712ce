"""What each lot still needs: a stop for all that is held, siblings to cancel, an exit to finish, or to be flat at once."""
