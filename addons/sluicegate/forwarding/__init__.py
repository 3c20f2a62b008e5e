"""What a gateway changes in the header fields of the messages that it passes on."""
