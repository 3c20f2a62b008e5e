"""What a running gateway tells about itself, on a socket that only this machine reaches: `sluice status` asks here."""
